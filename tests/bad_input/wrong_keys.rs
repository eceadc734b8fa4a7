//! A good case, and every way in which a key of it can be wrong.

/// Line 12 is `energy_mev`; every entry below changes this case.
pub const GOOD: &str = r#"title = "good"
[phantom]
material = "water"
x_mm = [-40.0, 40.0]
z_mm = [0.0, 180.0]
spacing_mm = [1.0, 1.0]
[[phantom.region]]
material = "bone_cortical"
z_mm = [20.0, 50.0]
x_mm = [0.0, 40.0]
[[beam]]
energy_mev = 150.0
sigma_x_mm = 3.0
[grid]
cutoff_mev = 2.0
[transport]
stepping = "depth"
[physics]
scattering = "gaussian"
[output]
compression = 4
[run]
backend = "cpu"
[materials.own]
density_g_per_cm3 = 1.0
composition = { H = 0.1119, O = 0.8881 }
"#;

/// (text to replace, its replacement, line of the error, key path in the error, words in the error)
pub type Wrong = (
    &'static str,
    &'static str,
    usize,
    &'static str,
    &'static [&'static str],
);

#[rustfmt::skip] // One row a case.
pub const WRONG_KEYS: &[Wrong] = &[
    // Unknown keys and wrong shapes.
    ("title =", "titel =", 1, "titel", &["unknown key", "did you mean `title`?"]),
    ("energy_mev =", "energy_mv =", 12, "beam[0].energy_mv", &["unknown key", "did you mean `energy_mev`?"]),
    ("cutoff_mev =", "colour =", 15, "grid.colour", &["unknown key", "known here: energy_axis"]),
    ("density_g_per_cm3 = 1.0", "density = 1.0", 25, "materials.own.density", &["unknown key"]),
    ("x_mm = [0.0, 40.0]", "y_mm = [0.0, 40.0]", 10, "phantom.region[0].y_mm", &["unknown key"]),
    ("[physics]", "[fysics]", 18, "fysics", &["unknown key", "`physics`"]),
    ("compression", "mean_excitation_energy_ev = 75\ncompression", 21, "output.mean_excitation_energy_ev", &["unknown"]),
    ("[[beam]]", "[beam]", 11, "beam", &["found a table; allowed: a list of tables", "[[beam]]"]),
    ("[grid]\ncutoff_mev = 2.0", "[[grid]]\ncutoff_mev = 2.0", 14, "grid", &["allowed: a table"]),
    ("[[beam]]\nenergy_mev = 150.0\nsigma_x_mm = 3.0\n", "", 1, "beam", &["no beam", "[[beam]]"]),
    // Wrong types.
    ("150.0", "\"150\"", 12, "beam[0].energy_mev", &["found \"150\"", "finite number above 0"]),
    ("150.0", "1979-05-27", 12, "beam[0].energy_mev", &["found 1979-05-27"]),
    ("150.0", "true", 12, "beam[0].energy_mev", &["found true"]),
    ("\"good\"", "5", 1, "title", &["found 5", "text in quotes"]),
    ("\"water\"", "\"\"", 3, "phantom.material", &["found \"\""]),
    ("[1.0, 1.0]", "1.0", 6, "phantom.spacing_mm", &["found 1.0", "a list of two numbers"]),
    ("[1.0, 1.0]", "[1.0, 1.0, 1.0]", 6, "phantom.spacing_mm", &["a list of two numbers"]),
    ("compression = 4", "compression = 4.0", 21, "output.compression", &["found 4.0", "a whole number from 0 to 9"]),
    ("scattering = \"gaussian\"", "straggling = 1", 19, "physics.straggling", &["true or false"]),
    ("compression = 4", "planes_mm = 50.0", 21, "output.planes_mm", &["a list of finite numbers"]),
    ("compression = 4", "planes_mm = [10.0,\n \"a\"]", 22, "output.planes_mm[1]", &["found \"a\""]),
    ("compression = 4", "quantities = \"dose\"", 21, "output.quantities", &["a list of names"]),
    ("{ H = 0.1119, O = 0.8881 }", "\"H2O\"", 26, "materials.own.composition", &["allowed: a table"]),
    // NaN, infinite, negative, zero.
    ("150.0", "nan", 12, "beam[0].energy_mev", &["found nan"]),
    ("150.0", "inf", 12, "beam[0].energy_mev", &["found inf"]),
    ("150.0", "-150.0", 12, "beam[0].energy_mev", &["found -150.0"]),
    ("150.0", "1e999", 12, "beam[0].energy_mev", &["found 1e999"]),
    ("150.0", "99999999999999999999", 12, "beam[0].energy_mev", &["found 100000000000000000000"]),
    ("sigma_x_mm = 3.0", "sigma_x_mm = -3.0", 13, "beam[0].sigma_x_mm", &["at least 0"]),
    ("sigma_x_mm = 3.0", "divergence_mrad = nan", 13, "beam[0].divergence_mrad", &["found nan"]),
    ("sigma_x_mm = 3.0", "energy_spread_mev = -1", 13, "beam[0].energy_spread_mev", &["at least 0"]),
    ("[1.0, 1.0]", "[0.0, 1.0]", 6, "phantom.spacing_mm", &["above 0"]),
    ("[1.0, 1.0]", "[1.0, -1.0]", 6, "phantom.spacing_mm", &["above 0"]),
    ("[-40.0, 40.0]", "[-40.0, nan]", 4, "phantom.x_mm", &["a list of two numbers"]),
    ("cutoff_mev = 2.0", "cutoff_mev = 0", 15, "grid.cutoff_mev", &["above 0"]),
    ("cutoff_mev = 2.0", "range_bin_mm = 0.0", 15, "grid.range_bin_mm", &["above 0"]),
    ("cutoff_mev = 2.0", "angle_bin_deg = -0.5", 15, "grid.angle_bin_deg", &["above 0"]),
    ("stepping = \"depth\"", "step_mm = 0", 17, "transport.step_mm", &["above 0"]),
    ("stepping = \"depth\"", "max_steps = 0", 17, "transport.max_steps", &["from 1"]),
    ("stepping = \"depth\"", "prune = -1e-7", 17, "transport.prune", &["at least 0 and below 1"]),
    ("stepping = \"depth\"", "prune = 1.0", 17, "transport.prune", &["below 1"]),
    ("density_g_per_cm3 = 1.0", "density_g_per_cm3 = 0.0", 25, "materials.own.density_g_per_cm3", &["at least 1e-8", "for a vacuum"]),
    ("density_g_per_cm3 = 1.0", "density_g_per_cm3 = 1e-300", 25, "materials.own.density_g_per_cm3", &["at least 1e-8", "for a vacuum"]),
    ("[1.0, 1.0]\n", "[1.0, 1.0]\ndensity_g_per_cm3 = 1e-300\n", 7, "phantom.density_g_per_cm3", &["at least 1e-8", "for a vacuum"]),
    ("density_g_per_cm3 = 1.0", "density_g_per_cm3 = 1000.0", 25, "materials.own.density_g_per_cm3", &["below 30"]),
    // Extents and cells.
    ("[-40.0, 40.0]", "[40.0, -40.0]", 4, "phantom.x_mm", &["the first below the second"]),
    ("[0.0, 180.0]", "[180.0, 180.0]", 5, "phantom.z_mm", &["the first below the second"]),
    ("[20.0, 50.0]", "[50.0, 20.0]", 9, "phantom.region[0].z_mm", &["the first below the second"]),
    ("[1.0, 1.0]", "[0.7, 1.0]", 6, "phantom.spacing_mm", &["a whole number of cells", "would divide it"]),
    ("[1.0, 1.0]", "[1.0, 1000.0]", 6, "phantom.spacing_mm", &["a whole number of cells"]),
    ("[1.0, 1.0]", "[0.00001, 0.00001]", 6, "phantom.spacing_mm", &["cells; allowed: at most"]),
    ("[-40.0, 40.0]", "[-1e308, 1e308]", 4, "phantom.x_mm", &["found [-1e308, 1e308]"]),
    ("cutoff_mev = 2.0", "angle_bin_deg = 1e-9", 15, "grid.angle_bin_deg", &["bins"]),
    ("cutoff_mev = 2.0", "angle_bin_deg = 0.001", 15, "grid.angle_bin_deg", &["4.000e4 bins", "1 to 2000 bins"]),
    ("cutoff_mev = 2.0", "angle_bins = 2001", 15, "grid.angle_bins", &["from 1 to 2000"]),
    ("cutoff_mev = 2.0", "range_bin_mm = 1e-9", 15, "grid.range_bin_mm", &["bins"]),
    ("cutoff_mev = 2.0", "range_bin_mm = 0.004", 15, "grid.range_bin_mm", &["1 to 20000 bins"]),
    ("[1.0, 1.0]", "[10.0, 0.001]", 6, "phantom.spacing_mm", &["steps of 0.001 mm", "157741 of them; allowed: at most 20000", "grid.range_bin_mm"]),
    ("stepping = \"depth\"", "stepping = \"path\"\nstep_mm = 0.001", 18, "transport.step_mm", &["steps of 0.001 mm", "grid.range_bin_mm"]),
    ("cutoff_mev = 2.0", "energy_axis = \"log\"\nenergy_bins = 20001", 16, "grid.energy_bins", &["from 2 to 20000"]),
    ("cutoff_mev = 2.0", "range_bin_mm = 1e9", 15, "grid.range_bin_mm", &["bins"]),
    // Placement.
    ("sigma_x_mm = 3.0", "x_mm = 41.0", 13, "beam[0].x_mm", &["outside the phantom", "from -40 to 40"]),
    ("[20.0, 50.0]", "[20.0, 181.0]", 9, "phantom.region[0].z_mm", &["leaves the phantom"]),
    ("[0.0, 40.0]", "[50.0, 60.0]", 10, "phantom.region[0].x_mm", &["leaves the phantom"]),
    ("compression = 4", "planes_mm = [10.0, 190.0]", 21, "output.planes_mm[1]", &["found 190", "from 0 to 180"]),
    ("compression = 4", "quantities = [\"phase_space\"]", 20, "output.planes_mm", &["missing"]),
    // The beam.
    ("150.0", "301.0", 12, "beam[0].energy_mev", &["at most 300"]),
    ("150.0", "1.5", 12, "beam[0].energy_mev", &["grid.cutoff_mev"]),
    ("sigma_x_mm = 3.0", "energy_spread_mev = 60.0", 13, "beam[0].energy_spread_mev", &["at most 29.6"]),
    ("sigma_x_mm = 3.0", "correlation = 1.0", 13, "beam[0].correlation", &["above -1 and below 1"]),
    ("sigma_x_mm = 3.0", "correlation = -1.5", 13, "beam[0].correlation", &["above -1 and below 1"]),
    ("sigma_x_mm = 3.0", "angle_deg = 25.0", 13, "beam[0].angle_deg", &["grid.angle_max_deg"]),
    ("sigma_x_mm = 3.0", "angle_deg = 90.0", 13, "beam[0].angle_deg", &["below 90"]),
    ("sigma_x_mm = 3.0", "weight = 0.0", 13, "beam[0].weight", &["sum to 0"]),
    ("sigma_x_mm = 3.0", "weight = 1e308\n[[beam]]\nenergy_mev = 150.0\nweight = 1e308", 13, "beam[0].weight", &["sum to inf", "weights are relative"]),
    ("sigma_x_mm = 3.0", "weight = -1.0", 13, "beam[0].weight", &["at least 0"]),
    ("sigma_x_mm = 3.0", "weight = inf", 13, "beam[0].weight", &["found inf"]),
    ("energy_mev = 150.0", "", 11, "beam[0].energy_mev", &["missing", "add `energy_mev = 150.0`"]),
    ("sigma_x_mm = 3.0", "twiss = { alpha = 0.0, beta_mm = -1.0, emittance_mm_mrad = 3.0 }", 13, "beam[0].twiss.beta_mm", &["above 0"]),
    ("sigma_x_mm = 3.0", "twiss = { alpha = 0.0, beta_mm = 1.0, emittance_mm_mrad = 0.0 }", 13, "beam[0].twiss.emittance_mm_mrad", &["above 0"]),
    ("sigma_x_mm = 3.0", "twiss = { alpha = 1e20, beta_mm = 1.0, emittance_mm_mrad = 1.0 }", 13, "beam[0].twiss.alpha", &["|correlation| < 1"]),
    ("sigma_x_mm = 3.0", "twiss = { alpha = 0.0 }", 13, "beam[0].twiss.beta_mm", &["missing"]),
    ("sigma_x_mm = 3.0", "sigma_x_mm = 3.0\ntwiss = { alpha = 0.0, beta_mm = 1.0, emittance_mm_mrad = 1.0 }", 13, "beam[0].sigma_x_mm", &["beside twiss"]),
    // Grid and stepping.
    ("cutoff_mev = 2.0", "angle_max_deg = 90.0", 15, "grid.angle_max_deg", &["below 90", "\"path\""]),
    ("cutoff_mev = 2.0", "angle_max_deg = 75.0\nangle_bin_deg = 50.0", 15, "grid.angle_max_deg", &["bins of 50, the outermost about 100", "below 90", "end at 50"]),
    ("cutoff_mev = 2.0", "angle_max_deg = 89.9", 15, "grid.angle_max_deg", &["bins of 0.5, the outermost about 90", "end at 89.5"]),
    ("cutoff_mev = 2.0", "angle_max_deg = 181.0", 15, "grid.angle_max_deg", &["at most 180"]),
    ("cutoff_mev = 2.0", "range_bin_mm = 0.5\nenergy_bins = 100", 16, "grid.energy_bins", &["allowed: range_bin_mm"]),
    ("cutoff_mev = 2.0", "energy_axis = \"log\"\nrange_bin_mm = 0.5", 16, "grid.range_bin_mm", &["allowed: energy_bins"]),
    ("cutoff_mev = 2.0", "angle_bins = 40\nangle_bin_deg = 1.0", 15, "grid.angle_bins", &["beside angle_bin_deg"]),
    ("stepping = \"depth\"\n[physics]\nscattering = \"gaussian\"\n[output]", "stepping = \"path\"\n[output]\nquantities = [\"energy_spectrum\"]\nplanes_mm = [50.0]", 19, "output.quantities", &["stepping = \"depth\" only"]),
    ("stepping = \"depth\"", "backward = \"allowance\"", 17, "transport.backward", &["\"path\""]),
    // Enumerations.
    ("\"depth\"", "\"dept\"", 17, "transport.stepping", &["\"depth\", \"path\"", "did you mean \"depth\"?"]),
    ("\"gaussian\"", "\"fermi\"", 19, "physics.scattering", &["\"gaussian\", \"highland\", \"moliere\", \"none\""]),
    ("\"cpu\"", "\"gpu\"", 23, "run.backend", &["\"auto\", \"cuda\", \"cpu\"", "did you mean \"cuda\"?"]),
    ("\"cpu\"", "\"cpi\"", 23, "run.backend", &["did you mean \"cpu\"?"]),
    ("compression = 4", "quantities = [\"dose\", \"let\"]", 21, "output.quantities[1]", &["\"let_d\", \"let_t\""]),
    ("compression = 4", "quantities = [\"dose\", \"dose\"]", 21, "output.quantities[1]", &["each name once"]),
    ("compression = 4", "compression = 10", 21, "output.compression", &["from 0 to 9"]),
    ("compression = 4", "compression = -1", 21, "output.compression", &["from 0 to 9"]),
    // Materials.
    ("\"water\"", "\"watter\"", 3, "phantom.material", &["found \"watter\"", "did you mean \"water\"?"]),
    ("\"bone_cortical\"", "\"unobtainium\"", 8, "phantom.region[0].material", &["[materials.unobtainium]"]),
    ("O = 0.8881", "O = 0.8", 26, "materials.own.composition", &["sum to 0.9119", "1 within 0.001"]),
    ("O = 0.8881", "OO = 0.8881", 26, "materials.own.composition.OO", &["allowed: symbols from H to U"]),
    ("O = 0.8881", "CA = 0.8881", 26, "materials.own.composition.CA", &["did you mean `Ca`?"]),
    ("O = 0.8881", "O = -0.1", 26, "materials.own.composition.O", &["above 0 and at most 1"]),
    ("{ H = 0.1119, O = 0.8881 }", "{}", 26, "materials.own.composition", &["missing"]),
    ("composition = { H = 0.1119, O = 0.8881 }\n", "", 24, "materials.own.composition", &["missing", "base = \"water\""]),
    ("composition = { H = 0.1119, O = 0.8881 }", "stopping_power_file = \"a.csv\"", 24, "materials.own.composition", &["missing", "beside a stopping_power_file too"]),
    ("density_g_per_cm3 = 1.0\n", "", 24, "materials.own.density_g_per_cm3", &["missing"]),
    ("[materials.own]", "[materials.\"my own\"]", 24, "materials.my own", &["letters A-Z a-z"]),
    ("[[phantom.region]]", "file = \"a.h5\"\n[[phantom.region]]", 8, "phantom.region", &["beside phantom.file"]),
    // The syntax.
    ("150.0", "150.0\nenergy_mev = 1.0", 13, "energy_mev", &["duplicate key"]),
    ("[grid]", "[phantom]", 14, "phantom", &["duplicate key"]),
    ("150.0", "", 12, "", &["not valid TOML"]),
    ("\"water\"", "water", 3, "", &["not valid TOML"]),
    ("150.0", "\"150", 12, "", &["not valid TOML"]),
];

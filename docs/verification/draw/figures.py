"""The figures of docs/verification.md. Each function draws one."""

import numpy as np
from runs import plt, save

import reference as ref

SOLVER, OTHER, THIRD, GREY = "#1f6fb4", "#d1495b", "#2e8b57", "#777777"


def depth_doses(program):
    figure, axes = plt.subplots(2, 2, figsize=(9, 5), height_ratios=[3, 1], sharex="col")
    for column, (energy, depth) in enumerate([(70, 60), (150, 190)]):
        z, dose, _, _, _ = ref.columns(f"geant4_water_{energy}mev.csv")
        found = program.run(energy, depth, 0.5, 0.5)["depth_dose"]
        top, below = axes[:, column]
        top.plot(z, dose, ".", color=OTHER, ms=3, label="Geant4, electromagnetic only")
        top.plot(z, found, color=SOLVER, label="solver, defaults")
        top.set(title=f"{energy} MeV, 0.5 mm cells", ylabel="MeV/mm per proton" if column == 0 else None)
        below.plot(z, 100 * (found - dose) / dose.max(), color=SOLVER)
        below.set(xlabel="depth, mm", ylim=(-2.2, 2.2), ylabel="difference,\n% of the peak" if column == 0 else None)
    axes[0, 0].legend(loc="upper left")
    save(figure, "depth_dose")


def nuclear(program):
    figure, axes = plt.subplots(2, 2, figsize=(9, 5), height_ratios=[3, 1], sharex=True)
    z, *doses = ref.columns("geant4_nuclear_water_depth_doses.csv")
    _, *lets = ref.columns("geant4_nuclear_water_let_d.csv")
    for i, (energy, color) in enumerate([(70, THIRD), (100, SOLVER), (150, OTHER), (200, "#8a5fbf"), (230, "#c98a1b")]):
        cells = np.count_nonzero(~np.isnan(doses[i]))
        found = program.run(
            energy, cells, phantom__material="water_geant4", phantom__x_mm="[-100.0, 100.0]", physics__scattering="moliere",
            physics__nuclear="transport", output__quantities='["dose", "let_d"]',
        )
        deposit, dose = found["energy_deposit"], doses[i][:cells]
        mean = np.nansum(found["let_d"] * deposit, axis=1) / deposit.sum(axis=1)
        let = lets[2 * i][:cells]
        for column, (mine, theirs, scale) in enumerate([(found["depth_dose"], dose, dose.max()), (mean, let, let)]):
            top, below = axes[:, column]
            shown = ~np.isnan(let)
            top.plot(z[:cells][shown], theirs[shown], ".", color=color, ms=2)
            top.plot(z[:cells][shown], mine[shown], color=color, lw=1, label=f"{energy} MeV")
            below.plot(z[:cells][shown], 100 * ((mine - theirs) / scale)[shown], color=color, lw=0.8)
    axes[0, 0].set(title="solver (lines), Geant4 with all physics (dots)", ylabel="MeV/mm per proton")
    axes[0, 1].set(title="LET_d of all protons, over the plane", ylabel="keV/um", yscale="log")
    axes[1, 0].set(xlabel="depth, mm", ylim=(-2.2, 2.2), ylabel="difference,\n% of the peak")
    axes[1, 1].set(xlabel="depth, mm", ylim=(-11, 11), ylabel="difference, %")
    axes[0, 0].legend(loc="upper right")
    save(figure, "nuclear")


def distal_edge(program):
    z, dose, _, _, _ = ref.columns("geant4_water_70mev.csv")
    figure, axis = plt.subplots(figsize=(5.4, 3.6))
    axis.plot(z, dose, "o", color=OTHER, ms=4, label="Geant4")
    axis.plot(z, ref.depth_dose(70, 0.5, 120), color=GREY, label="E(r) convolved")
    for range_bin, style in [(0.5, ":"), (0.25, "--"), (0.1, "-")]:
        found = program.run(70, 60, 0.5, 0.5, grid__range_bin_mm=range_bin)["depth_dose"]
        axis.plot(z, found, style, color=SOLVER, label=f"solver, bins of {range_bin} mm")
    axis.set(xlim=(37.5, 43), xlabel="depth, mm", ylabel="MeV/mm per proton", title="The distal edge at 70 MeV")
    axis.legend()
    save(figure, "distal_edge_70mev")


def ranges(program):
    energies = np.array([70, 100, 130, 150, 170, 200, 230])
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.4))
    for dz, marker in [(1.0, "o"), (0.5, "s")]:
        found = [program.run(e, np.ceil(1.08 * ref.range_mm(e) + 3), 1.0, dz)["summary"] for e in energies]
        expected = np.array([ref.range_mm(e) - ref.detour_mm(e) for e in energies])
        left.plot(energies, [f["r80_mm"] for f in found] - expected, marker + "-", color=SOLVER, alpha=1 if dz == 1 else 0.5,
                  label=f"{dz} mm cells, default range bins")
        right.plot(energies, [f["falloff_80_20_mm"] for f in found], marker, color=SOLVER, alpha=1 if dz == 1 else 0.5, label=f"solver, {dz} mm cells")
    left.axhspan(-0.15, 0.15, color=GREY, alpha=0.12, label="tolerance")
    left.set(xlabel="beam energy, MeV", ylabel="mm", title="R80 less (PSTAR range less detour)", ylim=(-0.25, 0.25))
    left.legend(loc="lower right")
    fine = np.linspace(70, 230, 60)
    right.plot(fine, [1.29 * ref.range_spread(e)[0] for e in fine], color=GREY, label="1.29 x range straggling")
    right.set(xlabel="beam energy, MeV", ylabel="mm", title="80-20 falloff")
    right.legend()
    save(figure, "ranges")


def lateral(program):
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.4))
    for energy, color in [(70, THIRD), (150, SOLVER), (230, OTHER)]:
        depth = np.ceil(1.08 * ref.range_mm(energy) + 3)
        found = program.run(energy, depth, physics__straggling="false")
        z = found["z"]
        inside = (z > 0.05 * ref.range_mm(energy)) & (z < 0.95 * ref.range_mm(energy))
        z, sigma = z[inside], found["sigma_x"][inside]
        expected = np.sqrt([9 + ref.fermi_eyges(energy, depth)[1] for depth in z])
        left.plot(z, expected, color=GREY, lw=3, alpha=0.5)
        left.plot(z, sigma, color=color, label=f"{energy} MeV")
        right.plot(z / ref.range_mm(energy), 100 * (sigma / expected - 1), color=color, label=f"{energy} MeV")
    left.set(xlabel="depth, mm", ylabel="lateral sigma, mm", title="Solver (lines) on Fermi-Eyges (grey)")
    right.axhspan(-0.3, 0.3, color=GREY, alpha=0.12)
    right.set(xlabel="depth / range", ylabel="%", title="Difference; tolerance 0.3 %", ylim=(-0.5, 0.5))
    left.legend()
    save(figure, "lateral")


def processes(rows):
    mcs, moliere = (np.array([[float(v) for v in row] for row in rows[name]]).T for name in ("mcs", "moliere"))
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.6))
    left.fill_between(mcs[0], mcs[1], mcs[3], color=OTHER, alpha=0.15, label="Geant4: core to rms")
    left.plot(mcs[0], mcs[2], color=SOLVER, label="gaussian (Gottschalk)")
    left.plot(moliere[0], moliere[3], "--", color=THIRD, label="moliere, rms")
    left.plot(moliere[0][3:], moliere[2][3:], ":", color=THIRD, label="moliere, core")
    left.set(xlabel="depth, mm", ylabel="mrad", title="Projected angle, 150 MeV, scattering alone")
    right.fill_between(mcs[0], mcs[4], mcs[6], color=OTHER, alpha=0.15)
    right.plot(mcs[0], mcs[5], color=SOLVER)
    right.set(xlabel="depth, mm", ylabel="mm", title="Lateral position of a beam without width", xlim=(70, 156), ylim=(0.8, 3.7))
    left.legend()
    save(figure, "processes")


def energies(program):
    z, fraction, mean, sigma = ref.columns("geant4_process_stragg_150mev.csv")[:4]
    ours = ref.energy_at(ref.range_mm(150) - z)
    spread = np.array([ref.range_spread(150, max(e, 0.05))[0] * ref.stopping_power(max(e, 0.05)) / 10 for e in ours])
    found = program.run(150, 180, 1.0, 1.0, physics__scattering='"none"', output__quantities='["dose","energy_spectrum"]',
                        output__planes_mm=[float(v) for v in z])
    centers = next(v for k, v in found.items() if k.endswith("energy"))
    spectrum = next(v for k, v in found.items() if k.endswith("energy_spectrum"))
    bounds = next((v for k, v in found.items() if k.endswith("energy_bounds")), None)
    weights = spectrum * (bounds[:, 1] - bounds[:, 0])
    mean_found = (weights * centers).sum(1) / weights.sum(1)
    sigma_found = np.sqrt((weights * (centers - mean_found[:, None]) ** 2).sum(1) / weights.sum(1))
    keep = fraction > 0.999
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.4))
    left.plot(z[keep], sigma[keep], "o", color=OTHER, ms=4, label="Geant4")
    left.plot(z[keep], spread[keep], color=GREY, lw=3, alpha=0.5, label="integral of Bohr / S^3, times S")
    left.plot(z[keep], sigma_found[keep], color=SOLVER, label="solver")
    left.set(xlabel="depth, mm", ylabel="MeV", title="Energy spread by straggling alone, 150 MeV")
    left.legend()
    right.plot(z[keep], 100 * (sigma_found / sigma - 1)[keep], color=SOLVER, label="standard deviation (tolerance 3 %)")
    right.plot(z[keep], 100 * (mean_found / mean - 1)[keep], color=THIRD, label="mean, with PSTAR (tolerance 0.2 %)")
    right.set(xlabel="depth, mm", ylabel="solver against Geant4, %", title="Differences", ylim=(-3, 3))
    right.legend()
    save(figure, "energies")


def convergence(rows):
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.4))
    spacings = np.array([32.0, 16.0, 8.0])
    for splitting, depth, _, *steps in rows["convergence"]:
        color = SOLVER if splitting == "strang" else OTHER
        errors = [abs(float(step)) for step in steps]
        left.loglog(spacings, errors, "o-" if depth == "128" else "s--", color=color, label=f"{splitting}, plane at {depth} mm")
    left.loglog(spacings, 2e-5 * spacings**2, color=GREY, lw=1)
    left.loglog(spacings, 2e-2 * spacings, color=GREY, lw=1)
    left.set_xticks(spacings, ["32", "16", "8"])
    left.minorticks_off()
    left.set(xlabel="step dz, mm (grey: slopes 1 and 2)", ylabel="mm2", title="Change of the lateral variance, dz to dz / 2")
    left.set_ylim(2e-4, 40)
    left.legend(fontsize=8, ncols=2, loc="upper left")
    prune = np.array([[float(v) for v in row] for row in rows["prune"]]).T
    right.loglog(prune[0], prune[1], "s--", color=OTHER, label="weight pruned")
    right.loglog(prune[0], prune[2], "o-", color=SOLVER, label="largest change of the dose, of its maximum")
    right.axvline(1e-7, color=GREY, lw=1)
    right.set(xlabel="prune (grey: default)", title="What pruning costs")
    right.set_ylim(3e-7, 0.1)
    right.legend(loc="upper left")
    save(figure, "convergence")


def half_bone(program, case):
    found = program.run(150, 180, case=case)
    figure, axis = plt.subplots(figsize=(8, 3))
    dose = found["dose"] / found["dose"].max()
    image = axis.pcolormesh(found["z"], found["x"], dose.T, cmap="magma", shading="nearest")
    axis.contour(found["z"], found["x"], dose.T, [0.1, 0.5, 0.9], colors="white", linewidths=0.6)
    axis.add_patch(plt.Rectangle((20, 0), 30, 25, fill=False, color="white", ls=":"))
    axis.set(ylim=(-25, 25), xlabel="depth, mm", ylabel="x, mm", title="150 MeV along the edge of a bone (dotted)")
    axis.grid(False)
    figure.colorbar(image, label="dose, of the maximum")
    save(figure, "half_bone")

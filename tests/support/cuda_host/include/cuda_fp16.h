// IEEE 754 binary16 as CUDA's cuda_fp16.h has it: conversions only, rounding to nearest, ties to even.
#pragma once
#include <bit>
#include <cstdint>

struct __half {
    std::uint16_t bits;
};

// Magnitude in binary32: exponent field moved up by 127 - 15, mantissa by 23 - 10 places.
inline float __half2float(__half half) {
    const std::uint32_t sign = static_cast<std::uint32_t>(half.bits & 0x8000u) << 16;
    const std::uint32_t magnitude = half.bits & 0x7fffu;
    if (magnitude >= 0x7c00u) return std::bit_cast<float>(sign | 0x7f800000u | (magnitude & 0x3ffu) << 13);
    if (magnitude >= 0x0400u) return std::bit_cast<float>(sign | ((magnitude << 13) + ((127u - 15u) << 23)));
    const float subnormal = static_cast<float>(magnitude) * 0x1p-24f; // exact
    return std::bit_cast<float>(sign | std::bit_cast<std::uint32_t>(subnormal));
}

inline __half __float2half_rn(float value) {
    const std::uint32_t all = std::bit_cast<std::uint32_t>(value);
    const std::uint32_t sign = all >> 16 & 0x8000u, magnitude = all & 0x7fffffffu;
    std::uint32_t half;
    if (magnitude > 0x7f800000u) {
        half = 0x7fffu; // CUDA's one NaN
    } else if (magnitude >= 0x477ff000u) {
        half = 0x7c00u; // 65520 and above round to infinity
    } else if (magnitude >= 0x38800000u) { // 2^-14 and above: normal; add just under half a unit, and the tie's odd bit
        half = (magnitude - ((127u - 15u) << 23) + 0x0fffu + (magnitude >> 13 & 1u)) >> 13;
    } else { // subnormal: adding 1/2 makes one unit of binary32 there 2^-24, so that the addition rounds
        half = std::bit_cast<std::uint32_t>(std::bit_cast<float>(magnitude) + 0.5f) - std::bit_cast<std::uint32_t>(0.5f);
    }
    return {static_cast<std::uint16_t>(sign | half)};
}

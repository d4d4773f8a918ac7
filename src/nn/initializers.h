// Weight initializers: W = gain · s · U.
//
// U is a draw with entries of mean 0 and variance 1 (but for zero, constant
// and orthogonal, see UnitLaw); s depends on the two fans alone. Runs with the
// same seed and law share U, so schemes are compared on the same draw.
//
// To add one: a row of the table in initializers.cc.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace initscope {

// What U is. fan_in × fan_out.
enum class UnitLaw {
  kZero,             // U = 0
  kConstant,         // every entry 1
  kNormal,           // i.i.d. N(0,1)
  kUniform,          // i.i.d. U(−√3, √3)
  kTruncatedNormal,  // i.i.d. N(0,1) cut at ±2, rescaled to variance 1
  kOrthogonal,       // Haar, times √max(fan_in, fan_out)
};

// Whether X U is a product, and not one sum for all units.
inline bool HasMatrix(UnitLaw law) {
  return law != UnitLaw::kZero && law != UnitLaw::kConstant;
}

// In words, in the order above.
inline constexpr std::string_view kUnitLawTexts[] = {
    "0",
    "1",
    "N(0, 1)",
    "U(-√3, √3)",
    "N(0, 1) cut at ±2, rescaled to variance 1",
    "Haar-orthogonal · √max(fan_in, fan_out)"};

// E U⁴/(E U²)² − 3 of the entries, in the order above: −6/5 of the uniform law;
// of the normal law cut at ±2, with φ and Z the density at 2 and the mass
// within, (3 v − 16 φ/Z)/v² − 3 with v = 1 − 4 φ/Z. 0 where entries do not
// vary, and where they are not independent.
inline constexpr double kUnitLawKurtosis[] = {
    0, 0, 0, -1.2, -0.63446328287, 0,
};

// The law of the biases.
enum class BiasInit {
  kNormal,        // N(0, bias_std²); bias_std = 0 is none
  kTorchDefault,  // U(±1/√fan_in)
};
inline constexpr std::string_view kBiasInitNames[] = {"normal",
                                                      "torch_default"};

struct Initializer {
  std::string_view name;
  UnitLaw law;
  std::string_view formula;  // of the standard deviation s, or of U
  double (*scale)(double fan_in, double fan_out);  // s at gain 1
  // The scale is found layer by layer so that the first batch's X W has
  // variance gain²; `scale` is where that search begins.
  bool data_dependent;
  std::string_view torch, keras, jax;  // the same scheme elsewhere, or "-"
  std::string_view source;
  // The biases that belong to the scheme: a run has them unless its own keys
  // (bias_init, bias_std) say otherwise.
  BiasInit biases = BiasInit::kNormal;
};

// In the order of their codes in results files: append, never reorder.
std::span<const Initializer> Initializers();

}  // namespace initscope

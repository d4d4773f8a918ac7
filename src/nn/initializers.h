// Weight initializers: W = gain · s · U.
//
// The entries of the draw U have mean 0 and variance 1 (except for zero,
// constant and orthogonal, see UnitLaw); s depends only on fan_in and fan_out.
// Runs with the same seed and law share U, so schemes are compared on the same
// draw.
//
// To add one, add a row to the table in initializers.cc.
#pragma once

#include <span>
#include <string_view>

namespace initscope {

// Distribution of the unscaled weight matrix U (fan_in × fan_out); a layer uses
// W = gain · s · U.
enum class UnitLaw {
  kZero,             // U = 0
  kConstant,         // every entry 1
  kNormal,           // i.i.d. N(0,1)
  kUniform,          // i.i.d. U(−√3, √3)
  kTruncatedNormal,  // i.i.d. N(0,1) cut at ±2, rescaled to variance 1
  kOrthogonal,       // Haar, times √max(fan_in, fan_out)
};

// False if all entries of U are equal, so all units of X U are equal as well.
inline bool HasMatrix(UnitLaw law) {
  return law != UnitLaw::kZero && law != UnitLaw::kConstant;
}

// Descriptions in the order above.
inline constexpr std::string_view kUnitLawTexts[] = {
    "0",
    "1",
    "N(0, 1)",
    "U(-√3, √3)",
    "N(0, 1) cut at ±2, rescaled to variance 1",
    "Haar-orthogonal · √max(fan_in, fan_out)"};

// Excess kurtosis of the entries in the order above, E U⁴/(E U²)² − 3:
//
//     uniform                 −6/5
//     normal, cut at ±2       (3v − 16 φ/Z)/v² − 3,    v = 1 − 4 φ/Z
//
// with φ the normal density at 2 and Z the mass within ±2. 0 if entries do not
// vary or are not independent.
inline constexpr double kUnitLawKurtosis[] = {
    0, 0, 0, -1.2, -0.63446328287, 0,
};

// Distribution of the biases.
enum class BiasInit {
  kNormal,        // N(0, bias_std²); no biases if bias_std = 0
  kTorchDefault,  // U(±1/√fan_in)
};
inline constexpr std::string_view kBiasInitNames[] = {"normal",
                                                      "torch_default"};

struct Initializer {
  std::string_view name;
  UnitLaw law;
  std::string_view formula;  // of the standard deviation s
  double (*scale)(double fan_in, double fan_out);  // s at gain 1
  // The scale is found layer by layer so that X W of the first batch has
  // variance gain²; `scale` is where that search starts.
  bool data_dependent;
  std::string_view torch, keras, jax;  // the same scheme elsewhere, or "-"
  std::string_view source;
  // The biases that belong to the scheme, unless the run's keys bias_init and
  // bias_std say otherwise.
  BiasInit biases = BiasInit::kNormal;
};

// The index is the code in results files: append, never reorder.
std::span<const Initializer> Initializers();

}  // namespace initscope

#include "nn/initializers.h"

#include <algorithm>
#include <cmath>

namespace initscope {
namespace {

double One(double, double) { return 1; }
double Zero(double, double) { return 0; }
double Lecun(double fan_in, double) { return std::sqrt(1 / fan_in); }
double Xavier(double fan_in, double fan_out) {
  return std::sqrt(2 / (fan_in + fan_out));
}
double He(double fan_in, double) { return std::sqrt(2 / fan_in); }
double HeFanOut(double, double fan_out) { return std::sqrt(2 / fan_out); }
double Torch(double fan_in, double) { return std::sqrt(1 / (3 * fan_in)); }
double Orthogonal(double fan_in, double fan_out) {
  return 1 / std::sqrt(std::max(fan_in, fan_out));
}
double Constant(double fan_in, double) { return 1 / fan_in; }

constexpr std::string_view kLecun98 =
    "LeCun, Bottou, Orr & Müller, Efficient BackProp, 1998, eq. 16";
constexpr std::string_view kGlorot10 =
    "Glorot & Bengio, AISTATS 2010, eq. 12 and 16";
constexpr std::string_view kHe15 = "He et al., ICCV 2015, eq. 10";
constexpr std::string_view kHe15Out = "He et al., ICCV 2015, eq. 14";

// clang-format off
constexpr Initializer kInitializers[] = {
    {"zero", UnitLaw::kZero, "-", Zero, false,
     "zeros_", "zeros", "zeros", "-"},
    {"constant", UnitLaw::kConstant, "1/fan_in", Constant, false,
     "constant_(1/fan_in)", "constant(1/fan_in)", "constant(1/fan_in)", "-"},
    {"normal", UnitLaw::kNormal, "1", One, false,
     "normal_", "random_normal(stddev=1)", "normal(1)", "-"},
    {"uniform", UnitLaw::kUniform, "1", One, false,
     "uniform_(-√3, √3)", "random_uniform(-√3, √3)", "-", "-"},
    {"lecun_normal", UnitLaw::kNormal, "√(1/fan_in)", Lecun, false,
     "kaiming_normal_(nonlinearity='linear')",
     "VarianceScaling(1, 'fan_in', 'untruncated_normal')",
     "variance_scaling(1, 'fan_in', 'normal')", kLecun98},
    {"lecun_uniform", UnitLaw::kUniform, "√(1/fan_in)", Lecun, false,
     "kaiming_uniform_(nonlinearity='linear')", "lecun_uniform",
     "lecun_uniform", kLecun98},
    {"xavier_normal", UnitLaw::kNormal,
     "√(2/(fan_in + fan_out))", Xavier, false,
     "xavier_normal_", "VarianceScaling(1, 'fan_avg', 'untruncated_normal')",
     "variance_scaling(1, 'fan_avg', 'normal')", kGlorot10},
    {"xavier_uniform", UnitLaw::kUniform,
     "√(2/(fan_in + fan_out))", Xavier, false,
     "xavier_uniform_", "glorot_uniform", "glorot_uniform", kGlorot10},
    {"he_normal", UnitLaw::kNormal, "√(2/fan_in)", He, false,
     "kaiming_normal_", "VarianceScaling(2, 'fan_in', 'untruncated_normal')",
     "variance_scaling(2, 'fan_in', 'normal')", kHe15},
    {"he_uniform", UnitLaw::kUniform, "√(2/fan_in)", He,
     false, "kaiming_uniform_", "he_uniform", "he_uniform", kHe15},
    {"he_fan_out_normal", UnitLaw::kNormal,
     "√(2/fan_out)", HeFanOut, false,
     "kaiming_normal_(mode='fan_out')",
     "VarianceScaling(2, 'fan_out', 'untruncated_normal')",
     "variance_scaling(2, 'fan_out', 'normal')", kHe15Out},
    {"he_fan_out_uniform", UnitLaw::kUniform,
     "√(2/fan_out)", HeFanOut, false,
     "kaiming_uniform_(mode='fan_out')",
     "VarianceScaling(2, 'fan_out', 'uniform')",
     "variance_scaling(2, 'fan_out', 'uniform')", kHe15Out},
    {"torch_default", UnitLaw::kUniform, "√(1/(3 fan_in))", Torch, false,
     "nn.Linear's default, U(±1/√fan_in)",
     "VarianceScaling(1/3, 'fan_in', 'uniform')",
     "variance_scaling(1/3, 'fan_in', 'uniform')",
     "'standard' in Glorot & Bengio, AISTATS 2010, eq. 1, there without biases",
     BiasInit::kTorchDefault},
    {"truncated_lecun_normal", UnitLaw::kTruncatedNormal, "√(1/fan_in)",
     Lecun, false, "-", "lecun_normal", "lecun_normal", kLecun98},
    {"truncated_xavier_normal",
     UnitLaw::kTruncatedNormal, "√(2/(fan_in + fan_out))", Xavier, false,
     "-", "glorot_normal", "glorot_normal", kGlorot10},
    {"truncated_he_normal",
     UnitLaw::kTruncatedNormal, "√(2/fan_in)", He, false,
     "-", "he_normal", "he_normal", kHe15},
    {"orthogonal", UnitLaw::kOrthogonal, "√(1/max(fan_in, fan_out))",
     Orthogonal, false, "orthogonal_", "orthogonal", "orthogonal",
     "Saxe, McClelland & Ganguli, ICLR 2014"},
    {"lsuv", UnitLaw::kOrthogonal, "so that Var(X W) = 1 on batch 0",
     Orthogonal, true, "-", "-", "-", "Mishkin & Matas, ICLR 2016"},
};
// clang-format on

}  // namespace

std::span<const Initializer> Initializers() { return kInitializers; }

}  // namespace initscope

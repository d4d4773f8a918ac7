#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "nn/activations.cc"
#include <hwy/foreach_target.h>  // must come before highway.h
#include <hwy/highway.h>
//
#include "nn/elementary-inl.h"
//
#include <algorithm>
#include <cmath>
#include <numbers>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "nn/activations.h"

// This file is compiled once per instruction set; this part only once.
#ifndef INITSCOPE_NN_ACTIVATIONS_COMMON
#define INITSCOPE_NN_ACTIVATIONS_COMMON
namespace initscope {
// Klambauer et al. 2017, equation 14.
inline constexpr double kSeluLambda = 1.0507009873554805;
inline constexpr double kSeluAlpha = 1.6732632423543772;
inline constexpr double kTwoOverSqrtPi = 2 * std::numbers::inv_sqrtpi;
inline constexpr double kInvSqrt2Pi = 0.39894228040143267794;

struct ActivationKernels {
  std::string_view name;
  void (*apply_float)(const float*, size_t, float*, float*);
  void (*apply_double)(const double*, size_t, double*, double*);
};
}  // namespace initscope
#endif  // INITSCOPE_NN_ACTIVATIONS_COMMON

HWY_BEFORE_NAMESPACE();
namespace initscope {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Each functor sets the values a and slopes s for a vector of pre-activations
// z.

// min(|z|, end): the caller's functions are constant beyond `end`.
template <class D, class V>
HWY_INLINE V MagnitudeUpTo(D d, double end, V z) {
  return hn::Min(hn::Abs(z), Constant(d, end));
}

struct Linear {
  static constexpr const char* kName = "linear";
  template <class D, class V>
  void operator()(D d, V z, V& a, V& s) const {
    a = z;
    s = Constant(d, 1);
  }
};

struct Sigmoid {
  static constexpr const char* kName = "sigmoid";
  template <class D, class V>
  void operator()(D d, V z, V& a, V& s) const {
    const V one = Constant(d, 1);
    const V e = Exp(d, hn::Neg(MagnitudeUpTo(d, ExpEnd(d), z)));
    const V r = hn::Div(one, hn::Add(one, e));  // σ(|z|)
    const V er = hn::Mul(e, r);                 // σ(−|z|)
    a = hn::IfThenElse(hn::Ge(z, hn::Zero(d)), r, er);
    s = hn::Mul(er, r);
  }
};

struct Tanh {
  static constexpr const char* kName = "tanh";
  template <class D, class V>
  void operator()(D d, V z, V& a, V& s) const {
    // With x = |z|: |a| = (1 − e^−2x)/(1 + e^−2x), s = 4e^−2x/(1 + e^−2x)²;
    // carrying 4e^−2x keeps s accurate down to the smallest normal number.
    const V x = MagnitudeUpTo(d, ExpEnd<2>(d) / 2, z);
    V e4, m4;  // 4e^−2x, 4(e^−2x − 1)
    ExpWithExpm1<2>(d, hn::Mul(Constant(d, -2), x), e4, m4);
    const V r = hn::Div(Constant(d, 1), hn::Add(Constant(d, 8), m4));
    a = hn::CopySign(hn::Mul(m4, r), z);
    const V r4 = hn::Mul(Constant(d, 4), r);
    s = hn::Mul(e4, hn::Mul(r4, r4));
  }
};

struct Relu {
  static constexpr const char* kName = "relu";
  template <class D, class V>
  void operator()(D d, V z, V& a, V& s) const {
    const auto off = hn::Le(z, hn::Zero(d));
    a = hn::IfThenZeroElse(off, z);
    s = hn::IfThenZeroElse(off, Constant(d, 1));
  }
};

struct LeakyRelu {
  static constexpr const char* kName = "leaky_relu";
  template <class D, class V>
  void operator()(D d, V z, V& a, V& s) const {
    const V leak = Constant(d, 0.01);
    const auto off = hn::Le(z, hn::Zero(d));
    a = hn::IfThenElse(off, hn::Mul(leak, z), z);
    s = hn::IfThenElse(off, leak, Constant(d, 1));
  }
};

struct Elu {
  static constexpr const char* kName = "elu";
  template <class D, class V>
  void operator()(D d, V z, V& a, V& s) const {
    const auto off = hn::Le(z, hn::Zero(d));
    const V x = MagnitudeUpTo(d, ExpEnd(d), z);
    V e, m;  // e^−x, e^−x − 1
    ExpWithExpm1(d, hn::Neg(x), e, m);
    a = hn::IfThenElse(off, m, z);
    s = hn::IfThenElse(off, e, Constant(d, 1));
  }
};

struct Selu {
  static constexpr const char* kName = "selu";
  template <class D, class V>
  void operator()(D d, V z, V& a, V& s) const {
    const V lambda = Constant(d, kSeluLambda);
    const V half_both = Constant(d, kSeluLambda * kSeluAlpha / 2);
    const auto off = hn::Le(z, hn::Zero(d));
    const V x = MagnitudeUpTo(d, ExpEnd<1>(d), z);
    V e2, m2;  // 2e^−x, 2(e^−x − 1)
    ExpWithExpm1<1>(d, hn::Neg(x), e2, m2);
    a = hn::Mul(hn::IfThenElse(off, half_both, lambda),
                hn::IfThenElse(off, m2, z));
    s = hn::IfThenElse(off, hn::Mul(half_both, e2), lambda);
  }
};

struct Gelu {
  static constexpr const char* kName = "gelu";
  template <class D, class V>
  void operator()(D d, V z, V& a, V& s) const {
    // a = max(z, 0) − xΦ(−x) and s(z) = 1 − s(−z), with x = |z|.
    const V x = MagnitudeUpTo(d, std::sqrt(2 * ExpEnd(d)), z);
    const V e = ExpOfMinusSquare(d, 0.5, x);
    const V tail = ScaledNormalTail(d, x);
    a = hn::Sub(hn::Max(z, hn::Zero(d)), hn::Mul(e, hn::Mul(x, tail)));
    const V s_left =
        hn::Mul(e, hn::NegMulAdd(x, Constant(d, kInvSqrt2Pi), tail));
    s = hn::IfThenElse(hn::Lt(z, hn::Zero(d)), s_left,
                       hn::Sub(Constant(d, 1), s_left));
  }
};

struct Silu {
  static constexpr const char* kName = "silu";
  template <class D, class V>
  void operator()(D d, V z, V& a, V& s) const {
    // a = max(z, 0) − xσ(−x) and s(z) = 1 − s(−z), with x = |z|; carrying
    // 2^10 σ(−x) keeps a accurate where σ(−x) itself underflows.
    const V one = Constant(d, 1);
    const V down = Constant(d, 0x1p-10);
    const V x = MagnitudeUpTo(d, ExpEnd<10>(d), z);
    const V e_up = Exp<10>(d, hn::Neg(x));
    const V r = hn::Div(one, hn::MulAdd(e_up, down, one));  // σ(x)
    const V tail_up = hn::Mul(e_up, r);
    const V a_left = hn::Mul(hn::Mul(x, tail_up), down);  // −a(−x)
    a = hn::Sub(hn::Max(z, hn::Zero(d)), a_left);
    const V s_left = hn::NegMulAdd(a_left, r, hn::Mul(tail_up, down));
    s = hn::IfThenElse(hn::Lt(z, hn::Zero(d)), s_left, hn::Sub(one, s_left));
  }
};

struct Softplus {
  static constexpr const char* kName = "softplus";
  template <class D, class V>
  void operator()(D d, V z, V& a, V& s) const {
    const V one = Constant(d, 1);
    const V zero = hn::Zero(d);
    const V e = Exp(d, hn::Neg(MagnitudeUpTo(d, ExpEnd(d), z)));
    a = hn::Add(hn::Max(z, zero), Log1p(d, e));
    s = hn::Div(hn::IfThenElse(hn::Ge(z, zero), one, e), hn::Add(one, e));
  }
};

struct Softsign {
  static constexpr const char* kName = "softsign";
  template <class D, class V>
  void operator()(D d, V z, V& a, V& s) const {
    const V x = MagnitudeUpTo(d, IsFloat(d) ? 0x1p96 : 0x1p768, z);
    const V r = hn::Div(Constant(d, 1), hn::Add(Constant(d, 1), x));
    a = hn::CopySign(hn::Mul(x, r), z);
    s = hn::Mul(r, r);
  }
};

struct Erf {
  static constexpr const char* kName = "erf";
  template <class D, class V>
  void operator()(D d, V z, V& a, V& s) const {
    const V x = MagnitudeUpTo(d, std::sqrt(ExpEnd<1>(d)), z);
    const V e2 = ExpOfMinusSquare<1>(d, 1, x);  // 2e^(−x²)
    const V tail =
        ScaledNormalTail(d, hn::Mul(x, Constant(d, std::numbers::sqrt2)));
    const V far = hn::NegMulAdd(e2, tail, Constant(d, 1));
    const auto near = hn::Lt(x, Constant(d, 0.75));
    a = hn::CopySign(hn::IfThenElse(near, ErfNearZero(d, x), far), z);
    s = hn::Mul(e2, Constant(d, kTwoOverSqrtPi / 2));
  }
};

struct HardTanh {
  static constexpr const char* kName = "hard_tanh";
  template <class D, class V>
  void operator()(D d, V z, V& a, V& s) const {
    const V one = Constant(d, 1);
    const V minus_one = hn::Neg(one);
    a = hn::Min(hn::Max(z, minus_one), one);
    const auto inside = hn::And(hn::Gt(z, minus_one), hn::Le(z, one));
    s = hn::IfThenElseZero(inside, one);
  }
};

// Applies the functor, and turns NaN into NaN (all bits set), which minima and
// polynomials may lose.
template <class Functor, class D, class V>
HWY_INLINE void ApplyVector(D d, V z, V& a, V& s) {
  Functor()(d, z, a, s);
  const V nan = hn::VecFromMask(d, hn::IsNaN(z));
  a = hn::Or(a, nan);
  s = hn::Or(s, nan);
}

template <class Functor, typename T>
void Apply(const T* z, size_t n, T* a, T* s) {
  const hn::ScalableTag<T> d;
  const size_t lanes = hn::Lanes(d);
  hn::Vec<decltype(d)> va, vs;
  size_t i = 0;
  for (; i + lanes <= n; i += lanes) {
    ApplyVector<Functor>(d, hn::LoadU(d, z + i), va, vs);
    hn::StoreU(va, d, a + i);
    hn::StoreU(vs, d, s + i);
  }
  if (i < n) {
    HWY_ALIGN T rest[hn::MaxLanes(d)] = {};
    std::copy(z + i, z + n, rest);
    ApplyVector<Functor>(d, hn::Load(d, rest), va, vs);
    hn::Store(va, d, rest);
    std::copy(rest, rest + (n - i), a + i);
    hn::Store(vs, d, rest);
    std::copy(rest, rest + (n - i), s + i);
  }
}

template <class... Functors>
const std::vector<ActivationKernels>* MakeKernels() {
  static const std::vector<ActivationKernels> kernels = {
      {Functors::kName, &Apply<Functors, float>, &Apply<Functors, double>}...};
  return &kernels;
}

// The first list: the vectorized functions.
const std::vector<ActivationKernels>* AllKernels() {
  return MakeKernels<Linear, Sigmoid, Tanh, Relu, LeakyRelu, Elu, Selu, Gelu,
                     Silu, Softplus, Softsign, Erf, HardTanh>();
}

}  // namespace HWY_NAMESPACE
}  // namespace initscope
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace initscope {
namespace {

HWY_EXPORT(AllKernels);

double SigmoidOf(double z) {
  return z >= 0 ? 1 / (1 + std::exp(-z)) : std::exp(z) / (1 + std::exp(z));
}
double LogSigmoid(double z) {
  return std::min(z, 0.0) - std::log1p(std::exp(-std::abs(z)));
}
double NormalCdf(double z) {
  return std::erfc(-z * (std::numbers::sqrt2 / 2)) / 2;
}
double NormalDensity(double z) { return kInvSqrt2Pi * std::exp(-z * z / 2); }

double GeluSlope(double z) { return NormalCdf(z) + z * NormalDensity(z); }
double GeluLogAbsSlope(double z) {
  if (z > -30) return std::log(std::abs(GeluSlope(z)));
  // Mills' ratio: Φ(z) = φ(z)/|z|·(1 − 1/z² + O(z⁻⁴)).
  const double x = -z;
  return -z * z / 2 + std::log(kInvSqrt2Pi * (x - (1 - 1 / (x * x)) / x));
}
double SiluSlope(double z) { return SigmoidOf(z) * (1 + z * SigmoidOf(-z)); }
double SiluLogAbsSlope(double z) {
  return LogSigmoid(z) + std::log(std::abs(1 + z * SigmoidOf(-z)));
}

constexpr double kZero[] = {0};
constexpr double kMinusOneAndOne[] = {-1, 1};

// The second list: the properties of each function, and its plain reference.
// clang-format off
constexpr Activation kReferences[] = {
    {"linear", "z", "-", true, 1, {},
     [](double z) { return z; }, [](double) { return 1.0; }, nullptr},
    {"sigmoid", "1/(1 + e^-z)", "-", false, 0.25, {},
     SigmoidOf, [](double z) { return SigmoidOf(z) * SigmoidOf(-z); },
     [](double z) { return LogSigmoid(z) + LogSigmoid(-z); }},
    {"tanh", "tanh z", "-", false, 1, {},
     [](double z) { return std::tanh(z); },
     [](double z) {
       const double e = std::exp(-2 * std::abs(z));
       return 4 * e / ((1 + e) * (1 + e));
     },
     [](double z) {
       const double x = std::abs(z);
       return 2 * (std::log(2.0) - x - std::log1p(std::exp(-2 * x)));
     }},
    {"relu", "max(0, z)", "Nair & Hinton, ICML 2010", true, 1, kZero,
     [](double z) { return z <= 0 ? 0.0 : z; },
     [](double z) { return z <= 0 ? 0.0 : 1.0; }, nullptr},
    {"leaky_relu", "z for z > 0, else 0.01 z", "Maas, Hannun & Ng, ICML 2013",
     true, 1, kZero,
     [](double z) { return z <= 0 ? 0.01 * z : z; },
     [](double z) { return z <= 0 ? 0.01 : 1.0; }, nullptr},
    {"elu", "z for z > 0, else e^z - 1",
     "Clevert, Unterthiner & Hochreiter, ICLR 2016", false, 1, kZero,
     [](double z) { return z <= 0 ? std::expm1(z) : z; },
     [](double z) { return z <= 0 ? std::exp(z) : 1.0; },
     [](double z) { return std::min(z, 0.0); }},
    {"selu", "λ z for z > 0, else λ α (e^z - 1)",
     "Klambauer et al., NeurIPS 2017", false, kSeluLambda * kSeluAlpha, kZero,
     [](double z) {
       return kSeluLambda * (z <= 0 ? kSeluAlpha * std::expm1(z) : z);
     },
     [](double z) {
       return kSeluLambda * (z <= 0 ? kSeluAlpha * std::exp(z) : 1.0);
     },
     [](double z) {
       return std::log(kSeluLambda) +
              (z <= 0 ? std::log(kSeluAlpha) + z : 0.0);
     }},
    {"gelu", "z Φ(z)", "Hendrycks & Gimpel, arXiv:1606.08415", false,
     1.1289041451851549, {},  // at z = √2
     [](double z) { return z * NormalCdf(z); }, GeluSlope, GeluLogAbsSlope},
    {"silu", "z/(1 + e^-z)", "Elfwing, Uchibe & Doya, 2018", false,
     1.0998393201288669, {},  // at z = 2.39936
     [](double z) { return z * SigmoidOf(z); }, SiluSlope, SiluLogAbsSlope},
    {"softplus", "log(1 + e^z)", "Dugas et al., NeurIPS 2000", false, 1, {},
     [](double z) {
       return std::max(z, 0.0) + std::log1p(std::exp(-std::abs(z)));
     },
     SigmoidOf, LogSigmoid},
    {"softsign", "z/(1 + |z|)", "Bergstra et al., 2009", false, 1, kZero,
     [](double z) { return z / (1 + std::abs(z)); },
     [](double z) {
       const double r = 1 / (1 + std::abs(z));
       return r * r;
     },
     [](double z) { return -2 * std::log1p(std::abs(z)); }},
    {"erf", "erf z", "-", false, kTwoOverSqrtPi, {},
     [](double z) { return std::erf(z); },
     [](double z) { return kTwoOverSqrtPi * std::exp(-z * z); },
     [](double z) { return std::log(kTwoOverSqrtPi) - z * z; }},
    {"hard_tanh", "max(-1, min(1, z))", "Collobert, 2004", false, 1,
     kMinusOneAndOne,
     [](double z) { return std::max(-1.0, std::min(1.0, z)); },
     [](double z) { return z > -1 && z <= 1 ? 1.0 : 0.0; }, nullptr},
};
// clang-format on

// The kernels of a row of kReferences, for the instruction set in use.
const ActivationKernels& KernelsOf(const Activation& activation) {
  const auto index = static_cast<size_t>(&activation - kReferences);
  return (*HWY_DYNAMIC_DISPATCH(AllKernels)()).at(index);
}

}  // namespace

std::span<const Activation> Activations() {
  static const bool agree = std::ranges::all_of(
      kReferences,
      [](const Activation& f) { return f.name == KernelsOf(f).name; });
  INITSCOPE_CHECK(agree);
  return kReferences;
}

void Activation::Apply(const float* z, size_t n, float* a, float* s) const {
  KernelsOf(*this).apply_float(z, n, a, s);
}

void Activation::Apply(const double* z, size_t n, double* a, double* s) const {
  KernelsOf(*this).apply_double(z, n, a, s);
}

}  // namespace initscope
#endif  // HWY_ONCE

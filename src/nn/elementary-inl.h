// Vector exponential, logarithm and normal tail for the activations.
//
// For float and double lanes, by minimax polynomials; "error" beside one is the
// relative error of the polynomial alone. No function here needs subnormal
// numbers or fused multiply-adds. Results for NaN are unspecified.

// Compiled once per instruction set, hence no #pragma once.
#if defined(INITSCOPE_NN_ELEMENTARY_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef INITSCOPE_NN_ELEMENTARY_INL_H_
#undef INITSCOPE_NN_ELEMENTARY_INL_H_
#else
#define INITSCOPE_NN_ELEMENTARY_INL_H_
#endif

#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace initscope {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

template <class D>
HWY_INLINE hn::Vec<D> Constant(D d, double x) {
  return hn::Set(d, static_cast<hn::TFromD<D>>(x));
}

template <class D>
constexpr bool IsFloat(D /*d*/) {
  return sizeof(hn::TFromD<D>) == sizeof(float);
}

// c0 + c1 x + c2 x² + … by Horner's rule in x² for pairs of terms, whose chain
// of dependent operations is half as long as in x.
template <class D, class V>
HWY_INLINE V Polynomial(D d, V /*x*/, V /*x2*/, double c0) {
  return Constant(d, c0);
}
template <class D, class V, class... Coefficients>
HWY_INLINE V Polynomial(D d, V x, V x2, double c0, double c1,
                        Coefficients... higher) {
  const V pair = hn::MulAdd(x, Constant(d, c1), Constant(d, c0));
  if constexpr (sizeof...(higher) == 0) {
    return pair;
  } else {
    return hn::MulAdd(Polynomial(d, x, x2, higher...), x2, pair);
  }
}

// 2^kShift e^x underflows at x = −ExpEnd, where the functions below give 0.
// They do not accept lower x.
template <int kShift = 0, class D>
constexpr double ExpEnd(D d) {
  return 0.6931471805599453 * ((IsFloat(d) ? 127 : 1023) + kShift);
}

// e^x = 2^k e^rest with |rest| <= ln 2/2; `power` is 2^(k + kShift), or 0 where
// that is below the smallest normal number.
// REQUIRES: −ExpEnd<kShift>(d) <= x <= 0.
template <int kShift, class D, class V>
HWY_INLINE void ReduceExponent(D d, V x, V& power, V& rest) {
  constexpr bool kFloat = IsFloat(D());
  constexpr int kMantissaBits = kFloat ? 23 : 52;
  constexpr int kBias = (kFloat ? 127 : 1023) + kShift;
  const hn::RebindToUnsigned<D> bits;
  // Adding 1.5·2^23 (2^52) rounds to a whole number, found in the low bits;
  // with the bias added too they are the exponent field of `power`, and it is 0
  // for the lowest x.
  const V round = Constant(d, (kFloat ? 0x1.8p23 : 0x1.8p52) + kBias);
  const V sum = hn::MulAdd(x, Constant(d, 1.4426950408889634), round);
  const V k = hn::Sub(sum, round);
  power = hn::BitCast(d, hn::ShiftLeft<kMantissaBits>(hn::BitCast(bits, sum)));
  // ln 2 in two parts (Cody & Waite), the first so short that k times it, and
  // the difference, are exact.
  const double high = kFloat ? 0.693359375 : 6.93147180369123816490e-01;
  const double low = kFloat ? -2.12194440e-4 : 1.90821492927058770002e-10;
  rest = hn::NegMulAdd(k, Constant(d, high), x);
  rest = hn::NegMulAdd(k, Constant(d, low), rest);
}

// e^r − 1 for −0.397 <= r <= 0.35.
template <class D, class V>
HWY_INLINE V Expm1NearZero(D d, V r) {
  const V r2 = hn::Mul(r, r);
  V q;
  if constexpr (IsFloat(D())) {  // error 2.6e-8, of e^r 1.1e-8
    q = Polynomial(d, r, r2, 0.49999992045, 0.166665275903, 0.0416704562026,
                   0.00836874852046, 0.00136194560275);
  } else {  // error 3e-17, of e^r 7e-18
    q = Polynomial(d, r, r2, 0.500000000000000361, 0.166666666666666822,
                   0.0416666666665910389, 0.00833333333331691786,
                   0.00138888889277403879, 0.000198412698982890012,
                   0.0000248015092160904854, 2.75572319408686505e-6,
                   2.76246541996556299e-7, 2.51132823330752847e-8);
  }
  return hn::MulAdd(r2, q, r);
}

// 2^kShift e^x and 2^kShift (e^x − 1), from the same polynomial. Only 2^kShift
// e^x must stay above the smallest normal number, not e^x. REQUIRES:
// −ExpEnd<kShift>(d) <= x <= 0.
template <int kShift = 0, class D, class V>
HWY_INLINE void ExpWithExpm1(D d, V x, V& exp, V& expm1) {
  V power, rest;
  ReduceExponent<kShift>(d, x, power, rest);
  const V fraction = Expm1NearZero(d, rest);
  exp = hn::Mul(power, hn::Add(Constant(d, 1), fraction));
  expm1 = hn::MulAdd(power, fraction, hn::Sub(power, Constant(d, 1 << kShift)));
}

// 2^kShift e^x. REQUIRES: −ExpEnd<kShift>(d) <= x <= 0.
template <int kShift = 0, class D, class V>
HWY_INLINE V Exp(D d, V x) {
  V power, rest;
  ReduceExponent<kShift>(d, x, power, rest);
  return hn::Mul(power, hn::Add(Constant(d, 1), Expm1NearZero(d, rest)));
}

// 2^kShift e^(−c x²). The square is formed exactly, in two parts; rounding it
// would multiply the relative error of the result by x². REQUIRES: x >= 0, c x²
// <= ExpEnd<kShift>(d), c a power of two.
template <int kShift = 0, class D, class V>
HWY_INLINE V ExpOfMinusSquare(D d, double c, V x) {
  using Bits = hwy::MakeUnsigned<hn::TFromD<D>>;
  const hn::RebindToUnsigned<D> bits;
  const Bits upper_half = ~Bits{0} << (IsFloat(d) ? 12 : 27);
  const V head = hn::And(x, hn::BitCast(d, hn::Set(bits, upper_half)));
  const V minus_c = Constant(d, -c);
  V power, rest;
  ReduceExponent<kShift>(d, hn::Mul(hn::Mul(minus_c, head), head), power, rest);
  // −c (x² − head²), not below −0.05.
  rest = hn::MulAdd(hn::Mul(minus_c, hn::Sub(x, head)), hn::Add(x, head), rest);
  return hn::Mul(power, hn::Add(Constant(d, 1), Expm1NearZero(d, rest)));
}

// log(1 + x). REQUIRES: 0 <= x <= 1.
template <class D, class V>
HWY_INLINE V Log1p(D d, V x) {
  const V x2 = hn::Mul(x, x);
  if constexpr (IsFloat(D())) {  // error 4.7e-9
    return hn::Mul(
        x, Polynomial(d, x, x2, 0.999999995288868444, -0.499999024368805655,
                      0.333299626832246441, -0.249541355416947992,
                      0.196759463522048013, -0.153056087749394808,
                      0.106036781475313925, -0.0569597386575832069,
                      0.0198515622546951284, -0.00324404588600253578));
  } else {  // error 1.5e-18
    return hn::Mul(
        x, Polynomial(d, x, x2, 0.999999999999999999, -0.499999999999998531,
                      0.333333333333092204, -0.249999999984229848,
                      0.199999999451585069, -0.16666665493302695,
                      0.142856974253744041, -0.124998275898900395,
                      0.111098043935523017, -0.0999243775923467635,
                      0.0905673165088875585, -0.0821057249024750893,
                      0.0733685944389805011, -0.0630298935291940006,
                      0.0502809181590089588, -0.0357583168820727467,
                      0.0217082571492236373, -0.0107440608480868542,
                      0.00410990800724619062, -0.00112994909293641282,
                      0.000197507381898189342, -0.0000164183959764659375));
  }
}

// e^(x²/2) Φ(−x): the tail of the normal law over its density (Mills' ratio),
// up to a constant. REQUIRES: 0 <= x <= 13.5 (float), 37.7 (double).
template <class D, class V>
HWY_INLINE V ScaledNormalTail(D d, V x) {
  // (x + k) e^(x²/2) Φ(−x) is a polynomial in t = (x − k)/(x + k), |t| <= 1
  // (after Shepherd & Laframboise, Math. Comp. 36, 1981). A smaller k passes on
  // less of the error of r, a larger one needs fewer terms.
  const double k = IsFloat(d) ? 2.5 : 3;
  const V r = hn::Div(Constant(d, 1), hn::Add(x, Constant(d, k)));
  const V t = hn::NegMulAdd(r, Constant(d, 2 * k), Constant(d, 1));
  const V t2 = hn::Mul(t, t);
  if constexpr (IsFloat(D())) {  // error 1.5e-8
    return hn::Mul(
        r, Polynomial(d, t, t2, 0.706656660505, -0.433692020337, 0.131986931459,
                      0.00923602445558, -0.0163855957432, -0.00160135373675,
                      0.00252159254049, 0.000684238469676, -0.000308760919948,
                      -0.000156079452058));
  } else {  // error 2.3e-17
    return hn::Mul(
        r, Polynomial(d, t, t2, 0.729083690133372996, -0.509331981917489756,
                      0.230017719974603832, -0.0472630251429392713,
                      -0.010462867023320772, 0.0069726212393739861,
                      0.00102759225930859095, -0.00104582860539380434,
                      -0.000256575347990374835, 0.000154394307178848244,
                      0.0000788126783283745555, -0.0000132451308262096118,
                      -0.000020689156800195644, -3.52111719918013773e-6,
                      3.64014276246931566e-6, 2.26495810316805034e-6,
                      7.54977231793112857e-9, -6.06734179376476574e-7,
                      -2.72289515567968903e-7, 5.65394042950036864e-8,
                      9.42488128653192203e-8, 1.65437484269138344e-8,
                      -1.29692862752485718e-8, -4.73973290009239715e-9));
  }
}

// erf x. REQUIRES: |x| <= 0.75.
template <class D, class V>
HWY_INLINE V ErfNearZero(D d, V x) {
  const V x2 = hn::Mul(x, x);
  const V x4 = hn::Mul(x2, x2);
  if constexpr (IsFloat(D())) {  // error 1.4e-9
    return hn::Mul(
        x, Polynomial(d, x2, x4, 1.12837916549660117, -0.376126187580955521,
                      0.112833765943561736, -0.0268346255512309651,
                      0.00511434748028540753, -0.000674952637771355024));
  } else {  // error 7.8e-19
    return hn::Mul(
        x, Polynomial(d, x2, x4, 1.12837916709551257, -0.376126389031837149,
                      0.112837916709524812, -0.0268661706444025682,
                      0.00522397761512316638, -0.000854832616914228761,
                      0.000120552887790882309, -0.0000149241766805232209,
                      1.6430388834545416e-6, -1.59376049623629032e-7,
                      1.14637747030056253e-8));
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace initscope
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard

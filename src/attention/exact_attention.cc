#include "attention/exact_attention.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include "base/error.h"

namespace initscope {
namespace {

using Whole = boost::multiprecision::cpp_int;
using Exact = std::optional<Fraction>;

bool IsWhole(const Fraction& a) { return denominator(a) == 1; }

// The matrix of entry(i, j); none if an entry is missing or not short.
ExactMatrix Fill(size_t rows, size_t cols,
                 const std::function<Exact(size_t, size_t)>& entry) {
  FractionMatrix out{rows, cols, {}};
  for (size_t i = 0; i < rows; ++i) {
    for (size_t j = 0; j < cols; ++j) {
      const Exact value = entry(i, j);
      if (!value || !IsShort(*value)) return std::nullopt;
      out.entries.push_back(*value);
    }
  }
  return out;
}

ExactMatrix OfMatrix(const Matrix<double>& a) {
  return Fill(a.rows(), a.cols(),
              [&](size_t i, size_t j) { return FractionOf(a(i, j)); });
}

// a b, or a bᵀ.
ExactMatrix Multiply(const ExactMatrix& a, const ExactMatrix& b,
                     bool transposed = false) {
  if (!a || !b) return std::nullopt;
  return Fill(a->rows, transposed ? b->rows : b->cols, [&](size_t i, size_t j) {
    Fraction sum = 0;
    for (size_t k = 0; k < a->cols; ++k) {
      sum += (*a)(i, k) * (transposed ? (*b)(j, k) : (*b)(k, j));
    }
    return sum;
  });
}

ExactMatrix Divide(const ExactMatrix& a, double divisor) {
  const Exact by = FractionOf(divisor);
  if (!a || !by || *by == 0) return std::nullopt;
  return Fill(a->rows, a->cols,
              [&](size_t i, size_t j) { return Fraction((*a)(i, j) / *by); });
}

// base^(z − shift(i)) in row i.
ExactMatrix Powers(const ExactMatrix& z, double base,
                   const std::function<Fraction(size_t)>& shift) {
  const Exact b = FractionOf(base);
  if (!z || !b) return std::nullopt;
  return Fill(z->rows, z->cols, [&](size_t i, size_t j) {
    const Fraction exponent = (*z)(i, j) - shift(i);
    return IsWhole(exponent) ? Power(*b, exponent) : std::nullopt;
  });
}

ExactMatrix NormalizeRows(const ExactMatrix& e) {
  if (!e) return std::nullopt;
  std::vector<Fraction> sums(e->rows, 0);
  for (size_t i = 0; i < e->rows; ++i) {
    for (size_t j = 0; j < e->cols; ++j) sums[i] += (*e)(i, j);
  }
  return Fill(e->rows, e->cols, [&](size_t i, size_t j) {
    return Fraction((*e)(i, j) / sums[i]);
  });
}

// The least entry of a row. Any entry as the shift makes the exponents whole;
// this one keeps powers of a whole base whole.
Fraction Least(const FractionMatrix& z, size_t i) {
  const auto begin = z.entries.begin() + static_cast<ptrdiff_t>(i * z.cols);
  return *std::min_element(begin, begin + static_cast<ptrdiff_t>(z.cols));
}

}  // namespace

std::optional<Fraction> FractionOf(double value) {
  constexpr double kDenominator = 1024;
  const double scaled = value * kDenominator;
  if (!(std::abs(scaled) < 0x1p53) || scaled != std::floor(scaled)) {
    return std::nullopt;
  }
  return Fraction(static_cast<int64_t>(scaled),
                  static_cast<int64_t>(kDenominator));
}

double ToDouble(const Fraction& a) {
  return numerator(a).convert_to<double>() /
         denominator(a).convert_to<double>();
}

bool IsShort(const Fraction& a) {
  static const Whole limit = Whole(1) << 63;
  return abs(numerator(a)) < limit && denominator(a) < limit;
}

std::optional<Fraction> Power(const Fraction& a, const Fraction& exponent) {
  INITSCOPE_CHECK(a > 0 && IsWhole(exponent));
  if (a == 1) return a;
  // Beyond 62 only 1 is short.
  if (abs(exponent) > 62) return std::nullopt;
  const auto n = static_cast<int>(numerator(exponent));
  const auto power = static_cast<unsigned>(std::abs(n));
  const Whole up = pow(numerator(a), power), down = pow(denominator(a), power);
  const Fraction out = n > 0 ? Fraction(up, down) : Fraction(down, up);
  return IsShort(out) ? std::optional(out) : std::nullopt;
}

ExactAttention ComputeExactAttention(const AttentionInputs& in,
                                     const AttentionSoftmax& softmax) {
  ExactAttention out;
  out.x = OfMatrix(in.x);
  out.w_q = OfMatrix(in.w_q);
  out.w_k = OfMatrix(in.w_k);
  out.w_v = OfMatrix(in.w_v);
  out.q = Multiply(out.x, out.w_q);
  out.k = Multiply(out.x, out.w_k);
  out.v = Multiply(out.x, out.w_v);
  out.s = Multiply(out.q, out.k, true);
  out.z = Divide(out.s, softmax.divisor);
  out.e = Powers(out.z, softmax.base, [](size_t) { return Fraction(0); });
  out.p = NormalizeRows(out.e);
  if (!out.p && out.z) {
    out.p = NormalizeRows(Powers(out.z, softmax.base,
                                 [&](size_t i) { return Least(*out.z, i); }));
  }
  out.o = Multiply(out.p, out.v);
  return out;
}

}  // namespace initscope

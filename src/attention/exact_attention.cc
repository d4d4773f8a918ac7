#include "attention/exact_attention.h"

#include <algorithm>
#include <functional>

namespace initscope {
namespace {

using Exact = std::optional<Fraction>;

// The matrix of entry(i, j), none if one of them is none.
ExactMatrix Fill(size_t rows, size_t cols,
                 const std::function<Exact(size_t, size_t)>& entry) {
  FractionMatrix out{rows, cols, {}};
  for (size_t i = 0; i < rows; ++i) {
    for (size_t j = 0; j < cols; ++j) {
      const Exact value = entry(i, j);
      if (!value) return std::nullopt;
      out.entries.push_back(*value);
    }
  }
  return out;
}

ExactMatrix OfMatrix(const Matrix<double>& a) {
  return Fill(a.rows(), a.cols(),
              [&](size_t i, size_t j) { return Fraction::OfDouble(a(i, j)); });
}

Exact AddTo(const Exact& sum, const Exact& term) {
  return sum && term ? Sum(*sum, *term) : std::nullopt;
}

// a b, or a bᵀ.
ExactMatrix Multiply(const ExactMatrix& a, const ExactMatrix& b,
                     bool transposed = false) {
  if (!a || !b) return std::nullopt;
  return Fill(a->rows, transposed ? b->rows : b->cols, [&](size_t i, size_t j) {
    Exact sum = Fraction(0);
    for (size_t k = 0; k < a->cols; ++k) {
      sum = AddTo(sum, Times((*a)(i, k), transposed ? (*b)(j, k) : (*b)(k, j)));
    }
    return sum;
  });
}

ExactMatrix Divide(const ExactMatrix& a, double divisor) {
  const Exact by = Fraction::OfDouble(divisor);
  if (!a || !by) return std::nullopt;
  return Fill(a->rows, a->cols,
              [&](size_t i, size_t j) { return Quotient((*a)(i, j), *by); });
}

// base^z, each row's exponents less `shift(i)`.
ExactMatrix Powers(const ExactMatrix& z, double base,
                   const std::function<Fraction(size_t)>& shift) {
  const Exact b = Fraction::OfDouble(base);
  if (!z || !b) return std::nullopt;
  return Fill(z->rows, z->cols, [&](size_t i, size_t j) -> Exact {
    const Exact opposite = Times(shift(i), Fraction(-1));
    const Exact exponent = opposite ? Sum((*z)(i, j), *opposite) : opposite;
    if (!exponent || !exponent->IsWhole()) return std::nullopt;
    return Power(*b, exponent->numerator());
  });
}

ExactMatrix NormalizeRows(const ExactMatrix& e) {
  if (!e) return std::nullopt;
  std::vector<Exact> sums(e->rows, Fraction(0));
  for (size_t i = 0; i < e->rows; ++i) {
    for (size_t j = 0; j < e->cols; ++j) {
      sums[i] = AddTo(sums[i], (*e)(i, j));
    }
  }
  return Fill(e->rows, e->cols, [&](size_t i, size_t j) -> Exact {
    return sums[i] ? Quotient((*e)(i, j), *sums[i]) : std::nullopt;
  });
}

// The row's least entry: any would do to make exponents whole, and this one
// keeps powers of a whole base whole.
Fraction Least(const FractionMatrix& z, size_t i) {
  Fraction least = z(i, 0);
  for (size_t j = 1; j < z.cols; ++j) {
    if (z(i, j).ToDouble() < least.ToDouble()) least = z(i, j);
  }
  return least;
}

}  // namespace

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

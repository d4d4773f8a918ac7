#include "attention/attention.h"

#include <algorithm>
#include <cmath>

#include "linalg/matrix_product.h"

namespace initscope {

// pow, because exp(x ln b) would be off by |x ln b| ulps.
double AttentionPower(double base, double x) {
  return base == std::numbers::e ? std::exp(x) : std::pow(base, x);
}

void AttentionSoftmaxRow(const double* s, size_t n,
                         const AttentionSoftmax& softmax, double* p) {
  const double largest = *std::max_element(s, s + n);
  double sum = 0;
  for (size_t j = 0; j < n; ++j) {
    p[j] = AttentionPower(softmax.base, (s[j] - largest) / softmax.divisor);
    sum += p[j];
  }
  for (size_t j = 0; j < n; ++j) p[j] /= sum;
}

void AttentionSoftmaxRowBackward(const double* p, const double* d_p, size_t n,
                                 const AttentionSoftmax& softmax, double* d_s) {
  const auto top = static_cast<size_t>(std::max_element(p, p + n) - p);
  const double reference = d_p[top];
  double mean = 0;
  for (size_t j = 0; j < n; ++j) mean += p[j] * (d_p[j] - reference);
  const double slope = std::log(softmax.base) / softmax.divisor;
  for (size_t j = 0; j < n; ++j) {
    d_s[j] = slope * p[j] * ((d_p[j] - reference) - mean);
  }
}

AttentionTensors AttentionForward(const AttentionInputs& in,
                                  const AttentionSoftmax& softmax) {
  AttentionTensors t;
  t.q = Product(in.x.view(), in.w_q.view());
  t.k = Product(in.x.view(), in.w_k.view());
  t.v = Product(in.x.view(), in.w_v.view());
  AttentionFromProjections(softmax, &t);
  return t;
}

void AttentionFromProjections(const AttentionSoftmax& softmax,
                              AttentionTensors* t) {
  t->s = ProductWithTransposed(t->q.view(), t->k.view());
  AttentionFromScores(softmax, t);
}

void AttentionFromScores(const AttentionSoftmax& softmax, AttentionTensors* t) {
  INITSCOPE_CHECK(softmax.divisor > 0 && softmax.base > 1);
  t->p.Resize(t->s.rows(), t->s.cols());
  for (size_t i = 0; i < t->s.rows(); ++i) {
    AttentionSoftmaxRow(t->s.row(i), t->s.cols(), softmax, t->p.row(i));
  }
  t->o = Product(t->p.view(), t->v.view());
}

AttentionGradients AttentionBackward(const AttentionInputs& in,
                                     const AttentionTensors& t,
                                     const AttentionSoftmax& softmax,
                                     ConstMatrixView<double> d_o) {
  AttentionGradients d;
  d.p = ProductWithTransposed(d_o, t.v.view());
  d.s.Resize(t.s.rows(), t.s.cols());
  for (size_t i = 0; i < t.s.rows(); ++i) {
    AttentionSoftmaxRowBackward(t.p.row(i), d.p.row(i), t.s.cols(), softmax,
                                d.s.row(i));
  }
  d.q = Product(d.s.view(), t.k.view());
  d.k = TransposedProduct(d.s.view(), t.q.view());
  d.v = TransposedProduct(t.p.view(), d_o);
  d.w_q = TransposedProduct(in.x.view(), d.q.view());
  d.w_k = TransposedProduct(in.x.view(), d.k.view());
  d.w_v = TransposedProduct(in.x.view(), d.v.view());
  d.x_through_s = ProductWithTransposed(d.q.view(), in.w_q.view());
  const Matrix<double> through_k =
      ProductWithTransposed(d.k.view(), in.w_k.view());
  d.x = ProductWithTransposed(d.v.view(), in.w_v.view());
  for (size_t i = 0; i < d.x.size(); ++i) {
    d.x_through_s.data()[i] += through_k.data()[i];
    d.x.data()[i] += d.x_through_s.data()[i];
  }
  return d;
}

}  // namespace initscope

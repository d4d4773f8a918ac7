#include "sim/delta_recorder.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numbers>

#include "linalg/packed_product.h"

namespace initscope {
namespace {

constexpr double kNever = -HUGE_VAL;  // the logarithm of zero

// log of the mean of e^value over the samples of each group.
std::vector<double> LogMeans(const std::vector<double>& values, size_t count,
                             size_t groups,
                             const std::function<size_t(size_t)>& group_of) {
  std::vector<double> largest(groups, kNever), sum(groups, 0), n(groups, 0);
  for (size_t i = 0; i < count; ++i) {
    double& most = largest[group_of(i)];
    most = std::max(most, values[i]);
  }
  for (size_t i = 0; i < count; ++i) {
    const size_t g = group_of(i);
    ++n[g];
    if (values[i] > kNever) sum[g] += std::exp(values[i] - largest[g]);
  }
  for (size_t g = 0; g < groups; ++g) {
    largest[g] += std::log(sum[g] / n[g]);
  }
  return largest;
}

}  // namespace

DeltaRecorder::DeltaRecorder(const BatchGeometry& geometry, size_t layer)
    : geometry_(geometry), layer_(layer) {
  log_square_.reserve(geometry.samples());
}

template <typename T>
void DeltaRecorder::Add(size_t index, const PackedBatch<T>& delta,
                        const SampleMoments& moments) {
  for (size_t i = 0; i < moments.rows.size(); ++i) {
    const RowMoments& row = moments.rows[i];
    const auto n = static_cast<double>(row.count);
    const double square = row.m2 / n + row.mean * row.mean;
    log_square_.push_back(std::log(square) +
                          2 * std::numbers::ln2 *
                              static_cast<double>(moments.exponents[i]));
  }
  if (index == 0 && geometry_.pairs_share_a_batch() &&
      !geometry_.pairs().empty()) {
    AddProducts(delta);
  }
}

template <typename T>
void DeltaRecorder::AddProducts(const PackedBatch<T>& delta) {
  const size_t n = geometry_.paired(), width = delta.width();
  product_.assign(geometry_.pairs().size(), 0);
  cosine_square_.assign(geometry_.pairs().size(), 0);
  log_unit_ = *std::max_element(log_square_.begin(), log_square_.end());
  if (!std::isfinite(log_unit_)) {
    log_unit_ = 0;
    return;  // all of delta is zero
  }
  // Of mantissas: |δ|/√(e^unit N), and the same in the row's own unit, which
  // is another where the row is too small to count in sums of products.
  constexpr double kSmall = 600;
  std::vector<double> norm(n), own(n), inverse(n);
  for (size_t i = 0; i < n; ++i) {
    const double exponent =
        std::numbers::ln2 * static_cast<double>(delta.exponent[i]);
    const auto in_unit = [&](double log_unit) {
      return std::exp(exponent - log_unit / 2) /
             std::sqrt(static_cast<double>(delta.units()));
    };
    norm[i] = in_unit(log_unit_);
    if (log_square_[i] == kNever) continue;
    const bool small = log_unit_ - log_square_[i] > kSmall;
    own[i] = small ? in_unit(log_square_[i]) : norm[i];
    inverse[i] = small ? 1 : std::exp((log_unit_ - log_square_[i]) / 2);
  }
  const size_t panels = (n + width - 1) / width;
  std::vector<double> grams(panels * width * width);
  for (size_t p = 0; p < panels; ++p) {
    GramTiles(delta, p, delta, p, panels, grams.data());
    for (size_t k = p * width; k < n; ++k) {
      const double* column =
          grams.data() + (k / width - p) * width * width + k % width;
      const size_t end = std::min((p + 1) * width, k);
      for (size_t i = p * width; i < end; ++i) {
        const uint32_t group = geometry_.PairGroupOf(i, k);
        if (group == BatchGeometry::kNoPair) continue;
        const double gram = column[(i - p * width) * width];
        const double cosine = gram * own[i] * own[k] * inverse[i] * inverse[k];
        product_[group] += gram * norm[i] * norm[k];
        cosine_square_[group] += cosine * cosine;
      }
    }
  }
}

DeltaStart DeltaRecorder::Result() const {
  DeltaStart start;
  start.layer = layer_;
  start.log_square = LogMeans(
      log_square_, log_square_.size(), geometry_.sample_groups().size(),
      [&](size_t i) { return geometry_.SampleGroup(i); });
  start.class_log_square =
      LogMeans(log_square_, geometry_.paired(), geometry_.classes().size(),
               [&](size_t i) { return geometry_.Class(i); });
  start.log_unit = log_unit_;
  start.product = product_;
  start.cosine_square = cosine_square_;
  for (size_t g = 0; g < product_.size(); ++g) {
    start.product[g] /= geometry_.pairs()[g].count;
    start.cosine_square[g] /= geometry_.pairs()[g].count;
  }
  return start;
}

template void DeltaRecorder::Add(size_t, const PackedBatch<float>&,
                                 const SampleMoments&);
template void DeltaRecorder::Add(size_t, const PackedBatch<double>&,
                                 const SampleMoments&);

}  // namespace initscope

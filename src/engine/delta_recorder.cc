#include "engine/delta_recorder.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

#include "linalg/packed_product.h"

namespace initscope {
namespace {

// For each group: the log of the mean of e^value over its samples.
template <class GroupOf>
std::vector<double> LogMeans(const std::vector<double>& values, size_t count,
                             size_t groups, const GroupOf& group_of) {
  std::vector<double> largest(groups, kLogZero), sum(groups, 0), n(groups, 0);
  for (size_t i = 0; i < count; ++i) {
    double& most = largest[group_of(i)];
    most = std::max(most, values[i]);
  }
  for (size_t i = 0; i < count; ++i) {
    const size_t g = group_of(i);
    ++n[g];
    if (values[i] > kLogZero) sum[g] += std::exp(values[i] - largest[g]);
  }
  for (size_t g = 0; g < groups; ++g) {
    largest[g] += std::log(sum[g] / n[g]);
  }
  return largest;
}

}  // namespace

DeltaRecorder::DeltaRecorder(const BatchGeometry& geometry)
    : geometry_(geometry) {
  log_square_.reserve(geometry.samples());
}

namespace {

// The compiler vectorizes loops over lanes.
template <typename T>
LaneProducts SumProducts(const PackedBatch<T>& delta, const PackedBatch<T>& z,
                         size_t p) {
  LaneProducts sums;
  const size_t width = delta.width();
  for (size_t j = 0; j < delta.units(); ++j) {
    const T *const d = delta.unit(p, j), *const y = z.unit(p, j);
    for (size_t i = 0; i < width; ++i) {
      const double square = double{d[i]} * double{d[i]};
      const double z_square = double{y[i]} * double{y[i]};
      sums.delta_z[i] += double{y[i]} * double{d[i]};
      sums.z_square[i] += z_square;
      sums.delta_square[i] += square;
      sums.both_square[i] += square * z_square;
      sums.delta_fourth[i] += square * square;
    }
  }
  return sums;
}

}  // namespace

template <typename T>
void DeltaRecorder::Add(size_t index, const MeasuredBatch<T>& delta,
                        const PackedBatch<T>& z) {
  const auto units = static_cast<double>(delta.units());
  if (index == 0) shares_.resize(delta.units());
  for (size_t p = 0; p < delta.panels(); ++p) {
    const LaneProducts sums = SumProducts(delta, z, p);
    if (index == 0) AddOverlap(delta, p, sums);
    for (size_t lane = 0; lane < delta.PanelSamples(p); ++lane) {
      const size_t i = p * delta.width() + lane;
      const double product = sums.delta_z[lane];
      const auto exponent = static_cast<double>(z.exponent[i]);
      sign_.push_back(std::copysign(1, product));
      log_aligned_.push_back(
          2 * (std::log(std::abs(product) / units) +
               std::numbers::ln2 *
                   (static_cast<double>(delta.exponent[i]) + exponent)));
      log_output_.push_back(std::log(sums.z_square[lane] / units) +
                            2 * std::numbers::ln2 * exponent);
      const RowMoments row = delta.rows[i];
      const auto n = static_cast<double>(row.count);
      const double square = row.m2 / n + row.mean * row.mean;
      log_square_.push_back(std::log(square) +
                            2 * std::numbers::ln2 *
                                static_cast<double>(delta.exponent[i]));
    }
  }
  if (index == 0 && geometry_.pairs_share_a_batch() &&
      !geometry_.pairs().empty()) {
    AddProducts(delta);
    AddAlignedProducts();
  }
}

template <typename T>
void DeltaRecorder::AddOverlap(const PackedBatch<T>& delta, size_t p,
                               const LaneProducts& sums) {
  LaneProducts::Lanes inverse = {};  // 1/|delta|², 0 where it is left out
  for (size_t i = 0; i < delta.PanelSamples(p); ++i) {
    const double norm = sums.delta_square[i], output = sums.z_square[i];
    if (norm == 0) continue;
    inverse[i] = 1 / norm;
    ++overlapping_;
    concentration_ += output > 0 ? sums.both_square[i] *
                                       static_cast<double>(delta.units()) /
                                       (norm * output)
                                 : 1;
    self_overlap_ += sums.delta_fourth[i] * inverse[i] * inverse[i];
  }
  const size_t samples = delta.PanelSamples(p);
  for (size_t j = 0; j < delta.units(); ++j) {
    const T* const d = delta.unit(p, j);
    double share = 0;
    for (size_t i = 0; i < samples; ++i) {
      share += double{d[i]} * double{d[i]} * inverse[i];
    }
    shares_[j] += share;
  }
}

template <typename T>
void DeltaRecorder::AddProducts(const PackedBatch<T>& delta) {
  const size_t n = geometry_.paired(), width = delta.width();
  product_.assign(geometry_.pairs().size(), 0);
  cosine_square_.assign(geometry_.pairs().size(), 0);
  log_unit_ = *std::ranges::max_element(log_square_);
  if (!std::isfinite(log_unit_)) {
    log_unit_ = 0;
    return;  // all of delta is zero
  }
  // Factors on mantissas: to the common unit, and to the row's own unit. They
  // differ if the row is too small to matter in sums of products.
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
    if (log_square_[i] == kLogZero) continue;
    const bool small = log_unit_ - log_square_[i] > kSmall;
    own[i] = small ? in_unit(log_square_[i]) : norm[i];
    inverse[i] = small ? 1 : std::exp((log_unit_ - log_square_[i]) / 2);
  }
  const size_t panels = Steps(n, width);
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

// Sums over the pairs of each group the product of the two samples' delta · z.
void DeltaRecorder::AddAlignedProducts() {
  aligned_product_.assign(geometry_.pairs().size(), 0);
  log_aligned_unit_ = *std::ranges::max_element(log_aligned_);
  if (!std::isfinite(log_aligned_unit_)) {
    log_aligned_unit_ = 0;
    return;
  }
  std::vector<double> aligned;
  for (size_t i = 0; i < geometry_.paired(); ++i) {
    aligned.push_back(sign_[i] *
                      std::exp((log_aligned_[i] - log_aligned_unit_) / 2));
  }
  for (size_t k = 1; k < geometry_.paired(); ++k) {
    for (size_t i = 0; i < k; ++i) {
      const uint32_t group = geometry_.PairGroupOf(i, k);
      if (group == BatchGeometry::kNoPair) continue;
      aligned_product_[group] += aligned[i] * aligned[k];
    }
  }
}

DeltaStart DeltaRecorder::Result(ScaledDouble z_factor) const {
  DeltaStart start;
  const auto by_group = [&](const std::vector<double>& values) {
    return LogMeans(values, values.size(), geometry_.sample_groups().size(),
                    [&](size_t i) { return geometry_.SampleGroup(i); });
  };
  const auto by_class = [&](const std::vector<double>& values) {
    return LogMeans(values, geometry_.paired(), geometry_.classes().size(),
                    [&](size_t i) { return geometry_.Class(i); });
  };
  start.log_square = by_group(log_square_);
  start.class_log_square = by_class(log_square_);
  start.log_unit = log_unit_;
  const double log_factor = 2 * z_factor.Log();
  for (size_t k = 0; k < DeltaStart::kPowers; ++k) {
    const double power = static_cast<double>(k) / 2;
    std::vector<double> values;
    for (size_t i = 0; i < log_aligned_.size(); ++i) {
      values.push_back(log_aligned_[i] + log_factor -
                       power * (log_output_[i] + log_factor));
    }
    start.log_aligned[k] = by_group(values);
    start.class_log_aligned[k] = by_class(values);
  }
  if (overlapping_ > 0) {
    start.self_overlap = self_overlap_ / overlapping_;
    start.concentration = concentration_ / overlapping_;
  }
  if (overlapping_ > 1) {
    const double all = std::inner_product(shares_.begin(), shares_.end(),
                                          shares_.begin(), 0.0);
    start.pair_overlap =
        (all - self_overlap_) / (overlapping_ * (overlapping_ - 1));
  }
  start.log_output = LogMeans(log_output_, log_output_.size(), 1,
                              [](size_t) { return size_t{0}; })[0] +
                     log_factor;
  start.log_aligned_unit = log_aligned_unit_ + log_factor;
  start.product = product_;
  start.cosine_square = cosine_square_;
  start.aligned_product = aligned_product_;
  for (size_t g = 0; g < product_.size(); ++g) {
    for (auto* sums :
         {&start.product, &start.cosine_square, &start.aligned_product}) {
      (*sums)[g] /= geometry_.pairs()[g].count;
    }
  }
  return start;
}

template void DeltaRecorder::Add(size_t, const MeasuredBatch<float>&,
                                 const PackedBatch<float>&);
template void DeltaRecorder::Add(size_t, const MeasuredBatch<double>&,
                                 const PackedBatch<double>&);

}  // namespace initscope

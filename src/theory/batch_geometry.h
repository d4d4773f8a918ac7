// What the mean-field recursion needs to know about the inputs: the norms of
// the samples and the angles between them.
//
// The recursion and the mean over samples do not commute, so the recursion runs
// for each sample and each pair. Many of them are grouped: samples by norm,
// into at most kSampleGroups for means over samples and into at most kClasses
// for pairs; pairs by angle, into at most kAngles groups for each two classes
// and for equal and unequal labels. A group is represented by its mean, with an
// error of second order in its width. Up to kClasses samples are not grouped.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "linalg/scaled_matrix.h"
#include "stats/scaled_double.h"

namespace initscope {

class BatchGeometry {
 public:
  static constexpr size_t kSampleGroups = 64;
  static constexpr size_t kClasses = 6;
  static constexpr size_t kAngles = 3;
  static constexpr size_t kMostPaired = 256;  // samples, the first ones

  // Samples of nearly equal norm.
  struct Group {
    ScaledDouble square;  // |x|²/width, the mean of the group's
    double count;
  };
  // Pairs i < k of samples, of classes a <= b, at nearly the same angle.
  struct PairGroup {
    uint32_t a, b;
    double one_minus_cosine;
    double variance;  // of the cosine
    double count;
  };

  // x(0) … x(batches − 1) are the inputs, batch × width, finite, with
  // normalized rows (linalg/scaled_matrix.h). `labels` has one per sample, or
  // is empty.
  BatchGeometry(size_t batches,
                const std::function<ScaledMatrix<double>(size_t)>& x,
                const std::vector<size_t>& labels = {});

  size_t samples() const { return sample_group_.size(); }
  size_t batch() const { return batch_; }
  // Pairs are those of the samples 0 … paired() − 1 of the first batch (of all
  // batches, if a batch is one sample).
  size_t paired() const { return class_.size(); }
  // Whether the samples of a pair are in one batch.
  bool pairs_share_a_batch() const { return batch_ > 1; }

  const std::vector<Group>& sample_groups() const { return groups_; }
  const std::vector<Group>& classes() const { return classes_; }
  const std::vector<PairGroup>& pairs() const { return pairs_; }
  double pair_count() const { return pair_count_; }
  // Means of Σ_j x_aj² x_bj²/(|x_a|² |x_b|²) over samples (a = b) and over
  // pairs: how much of two samples' squares is in the same units.
  double self_overlap() const { return self_overlap_; }
  double pair_overlap() const { return pair_overlap_; }

  // The group of a sample, counted through all batches.
  size_t SampleGroup(size_t sample) const { return sample_group_[sample]; }
  // REQUIRES: sample < paired().
  size_t Class(size_t sample) const { return class_[sample]; }
  // The group of a pair; kNoPair where a sample is zero.
  // REQUIRES: i < k < paired().
  static constexpr uint32_t kNoPair = UINT32_MAX;
  uint32_t PairGroupOf(size_t i, size_t k) const {
    return pair_group_[k * (k - 1) / 2 + i];
  }

 private:
  // x: the rows' mantissas; `squares`: their mean squares.
  void GroupPairs(const Matrix<double>& x,
                  std::span<const ScaledDouble> squares,
                  const std::vector<size_t>& labels);
  void FindOverlaps(const Matrix<double>& x,
                    std::span<const ScaledDouble> squares);

  size_t batch_ = 0;
  std::vector<Group> groups_, classes_;
  std::vector<PairGroup> pairs_;
  double pair_count_ = 0;
  double self_overlap_ = 0, pair_overlap_ = 0;
  std::vector<uint32_t> sample_group_, class_, pair_group_;
};

}  // namespace initscope

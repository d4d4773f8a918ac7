#include "theory/batch_geometry.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>

namespace initscope {
namespace {

Matrix<double> Draw(size_t rows, size_t cols, unsigned seed) {
  std::mt19937 bits(seed);
  std::normal_distribution<double> normal;
  Matrix<double> x(rows, cols);
  for (size_t i = 0; i < rows; ++i) {
    const double scale = std::exp(0.3 * normal(bits));
    for (size_t j = 0; j < cols; ++j) x(i, j) = scale * normal(bits) + 0.5;
  }
  return x;
}

ScaledMatrix<double> Plain(Matrix<double> x) {
  const size_t rows = x.rows();
  return {std::move(x), std::vector<int64_t>(rows, 0)};
}

double Dot(const Matrix<double>& x, size_t i, size_t k) {
  return std::inner_product(x.row(i), x.row(i) + x.cols(), x.row(k), 0.0);
}

TEST(BatchGeometry, FewSamplesAreNotGrouped) {
  const size_t n = BatchGeometry::kClasses;
  const Matrix<double> x = Draw(n, 20, 1);
  const BatchGeometry geometry(1,
                               [&](size_t) { return Plain(Draw(n, 20, 1)); });
  ASSERT_EQ(geometry.pairs().size(), n * (n - 1) / 2);
  for (size_t k = 0; k < n; ++k) {
    const double square = Dot(x, k, k) / 20;
    EXPECT_NEAR(geometry.classes()[geometry.Class(k)].square.ToDouble(), square,
                1e-14 * square);
    EXPECT_NEAR(
        geometry.sample_groups()[geometry.SampleGroup(k)].square.ToDouble(),
        square, 1e-14 * square);
    for (size_t i = 0; i < k; ++i) {
      const double c = Dot(x, i, k) / std::sqrt(Dot(x, i, i) * Dot(x, k, k));
      EXPECT_NEAR(geometry.pairs()[geometry.PairGroupOf(i, k)].one_minus_cosine,
                  1 - c, 1e-14);
    }
  }
}

// Groups keep counts and means: whatever is linear in them is exact.
TEST(BatchGeometry, GroupsKeepCountsAndMeans) {
  const size_t m = 50, batches = 3, d = 12;
  const BatchGeometry geometry(
      batches, [&](size_t b) { return Plain(Draw(m, d, 10 + unsigned(b))); });
  EXPECT_EQ(geometry.samples(), m * batches);
  EXPECT_EQ(geometry.paired(), m);
  EXPECT_TRUE(geometry.pairs_share_a_batch());
  double count = 0, square = 0;
  for (const auto& group : geometry.sample_groups()) {
    count += group.count;
    square += group.count * group.square.ToDouble();
  }
  EXPECT_EQ(count, m * batches);
  double expected = 0, angles = 0;
  for (size_t b = 0; b < batches; ++b) {
    const Matrix<double> x = Draw(m, d, 10 + unsigned(b));
    for (size_t i = 0; i < m; ++i) {
      expected += Dot(x, i, i) / d;
      for (size_t k = i + 1; k < m && b == 0; ++k) {
        angles += 1 - Dot(x, i, k) / std::sqrt(Dot(x, i, i) * Dot(x, k, k));
      }
    }
  }
  EXPECT_NEAR(square, expected, 1e-12 * expected);
  EXPECT_EQ(geometry.pair_count(), m * (m - 1) / 2);
  double of_groups = 0, pairs = 0;
  for (const auto& pair : geometry.pairs()) {
    EXPECT_LE(pair.a, pair.b);
    of_groups += pair.count * pair.one_minus_cosine;
    pairs += pair.count;
  }
  EXPECT_EQ(pairs, geometry.pair_count());
  EXPECT_NEAR(of_groups, angles, 1e-12 * angles);
}

// Also those of equal samples, of which the first are the smaller ones.
TEST(BatchGeometry, GroupsAreRanks) {
  constexpr size_t kSamples = 150, kWidth = 3;
  Matrix<double> x = Draw(kSamples, kWidth, 4);
  for (size_t i = 0; i < kSamples; i += 4) {
    std::copy_n(x.row(0), kWidth, x.row(i));
  }
  std::vector<size_t> order(kSamples);
  std::iota(order.begin(), order.end(), size_t{0});
  std::ranges::stable_sort(
      order, {}, [&](size_t i) { return Dot(x, i, i) / double{kWidth}; });
  Matrix<double> copy(kSamples, kWidth);
  std::copy_n(x.data(), x.size(), copy.data());
  const BatchGeometry geometry(1,
                               [&](size_t) { return Plain(std::move(copy)); });
  for (size_t rank = 0; rank < kSamples; ++rank) {
    EXPECT_EQ(geometry.SampleGroup(order[rank]),
              rank * BatchGeometry::kSampleGroups / kSamples);
    EXPECT_EQ(geometry.Class(order[rank]),
              rank * BatchGeometry::kClasses / kSamples);
  }
}

TEST(BatchGeometry, EqualRowsHaveNoAngle) {
  const BatchGeometry geometry(1, [](size_t) {
    Matrix<double> x(3, 7);
    for (size_t j = 0; j < 7; ++j) {
      x(0, j) = x(1, j) = 0.1 * double(j) + 0.3;
      x(2, j) = 0;
    }
    return Plain(std::move(x));
  });
  ASSERT_EQ(geometry.pairs().size(), 1u);  // a zero has no angle
  EXPECT_EQ(geometry.pairs()[0].one_minus_cosine, 0);
  EXPECT_EQ(geometry.PairGroupOf(0, 2), BatchGeometry::kNoPair);
  EXPECT_EQ(geometry.sample_groups()[0].square.value, 0);
}

TEST(BatchGeometry, SingleSamplesPairAcrossBatches) {
  const BatchGeometry geometry(
      4, [](size_t b) { return Plain(Draw(1, 9, unsigned(b))); });
  EXPECT_FALSE(geometry.pairs_share_a_batch());
  EXPECT_EQ(geometry.pair_count(), 6);
}

// Pairs of one label and of two have groups of their own, and the widths of
// these are known.
TEST(BatchGeometry, KeepsPairsOfOneLabelApart) {
  const size_t n = 24;
  std::vector<size_t> labels;
  for (size_t i = 0; i < n; ++i) labels.push_back(i % 3);
  Matrix<double> rows(n, 5);
  for (size_t i = 0; i < rows.size(); ++i) {
    rows.data()[i] = std::sin(1.7 * static_cast<double>(i * i % 97));
  }
  const auto inputs = [&](size_t) {
    ScaledMatrix<double> x;
    x.Resize(n, 5);
    std::copy_n(rows.data(), rows.size(), x.mantissa.data());
    return x;
  };
  const BatchGeometry geometry(1, inputs, labels);
  std::vector<double> sum(geometry.pairs().size()), squares(sum.size());
  std::vector<int> kind(sum.size(), -1);
  double self = 0, pairs = 0;
  for (size_t k = 0; k < n; ++k) {
    for (size_t i = 0; i <= k; ++i) {
      double product = 0, a = 0, b = 0, overlap = 0;
      for (size_t j = 0; j < 5; ++j) {
        product += rows(i, j) * rows(k, j);
        a += rows(i, j) * rows(i, j);
        b += rows(k, j) * rows(k, j);
        overlap += rows(i, j) * rows(i, j) * rows(k, j) * rows(k, j);
      }
      (i == k ? self : pairs) += overlap / (a * b);
      if (i == k) continue;
      const uint32_t group = geometry.PairGroupOf(i, k);
      const int same = labels[i] == labels[k];
      EXPECT_TRUE(kind[group] == -1 || kind[group] == same);
      kind[group] = same;
      const double c = product / std::sqrt(a * b);
      sum[group] += c;
      squares[group] += c * c;
    }
  }
  for (size_t g = 0; g < sum.size(); ++g) {
    const BatchGeometry::PairGroup& group = geometry.pairs()[g];
    const double mean = sum[g] / group.count;
    EXPECT_NEAR(1 - group.one_minus_cosine, mean, 1e-12);
    EXPECT_NEAR(group.variance, squares[g] / group.count - mean * mean, 1e-12);
  }
  EXPECT_NEAR(geometry.self_overlap(), self / n, 1e-12);
  EXPECT_NEAR(geometry.pair_overlap(), 2 * pairs / (n * (n - 1)), 1e-12);
}

}  // namespace
}  // namespace initscope

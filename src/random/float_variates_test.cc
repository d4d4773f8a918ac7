#include "random/float_variates.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdio>
#include <string>
#include <vector>

#include "base/kernel_target.h"
#include "base/matchers_test.h"

namespace initscope {
namespace float_variates_test {

constexpr VariateLaw kLaws[] = {VariateLaw::kNormal, VariateLaw::kUniform,
                                VariateLaw::kTruncatedNormal};

bool HasFusedMultiplyAdd(const std::string& target) {
  return target != "SCALAR";
}

// The header's bounds; above what it found for scalar code.
double MaxUlp(VariateLaw law, const std::string& target) {
  if (law != VariateLaw::kUniform) return 4;
  return HasFusedMultiplyAdd(target) ? 2 : 2.5;
}

// The reference: variates.h's definition, but next to the median of the cut
// law, where that is the quantile of a sum near 1/2 and only its absolute error
// is small. There it is Φ⁻¹(1/2 + h) = √(2π)·h·(1 + πh²/3 + …), with h = (u −
// 1/2)(Φ(2) − Φ(−2)); the next term is below 3h⁴ = 3e-12.
double Exact(VariateLaw law, uint32_t word) {
  const double h = (Uniform01(word) - 0.5) * std::erf(std::sqrt(2.0));
  if (law != VariateLaw::kTruncatedNormal || std::abs(h) > 0x1p-10) {
    return VariateFromWord(law, word);
  }
  const double pi = std::acos(-1.0);
  return std::sqrt(2 * pi) * h * (1 + pi * h * h / 3) / kTruncatedNormalStd;
}

// The spacing of floats at x; the reference's own error is 2^-26 of it.
double Ulp(double x) { return std::ldexp(1.0, std::ilogb(x) - 23); }

std::vector<float> Variates(VariateLaw law, const std::vector<uint32_t>& word) {
  std::vector<float> out(word.size());
  FloatVariatesFromWords(law, word.data(), word.size(), out.data());
  return out;
}

// The largest error in ulps; NaN counts as infinite.
double LargestUlp(VariateLaw law, const std::vector<uint32_t>& words) {
  const std::vector<float> found = Variates(law, words);
  double most = 0;
  for (size_t i = 0; i < words.size(); ++i) {
    const double exact = Exact(law, words[i]);
    const double error = std::abs(found[i] - exact) / Ulp(exact);
    if (!(error <= most)) most = std::isnan(error) ? HUGE_VAL : error;
  }
  return most;
}

// first, first + step, … below `end`.
std::vector<uint32_t> Range(uint64_t first, uint64_t end, uint64_t step = 1) {
  std::vector<uint32_t> words;
  for (uint64_t word = first; word < end; word += step) {
    words.push_back(static_cast<uint32_t>(word));
  }
  return words;
}

constexpr uint64_t kHalf = uint64_t{1} << 31;

// Where something changes: both ends, the median, and in the lower half where
// the far tail begins (2^20) and where halves no longer fit a float (2^23).
std::vector<uint32_t> WordsOfInterest() {
  std::vector<uint32_t> words = Range(0, 2 * kHalf, 4999);
  for (const uint64_t at :
       {uint64_t{50000}, uint64_t{1} << 20, uint64_t{1} << 23,
        kHalf - (uint64_t{1} << 23), kHalf, 2 * kHalf - 50000}) {
    const std::vector<uint32_t> more = Range(at - 50000, at + 50000);
    words.insert(words.end(), more.begin(), more.end());
  }
  return words;
}

class Targets : public testing::TestWithParam<std::string> {
 protected:
  ForcedKernelTarget forced_{GetParam()};
};
INSTANTIATE_TEST_SUITE_P(All, Targets, testing::ValuesIn(KernelTargets()),
                         [](const auto& info) { return info.param; });

TEST_P(Targets, DrawThePhiloxWords) {
  constexpr size_t kCols[] = {1,  2,  3,  4,  5,  15, 16,  17,  31,  33,
                              63, 64, 65, 95, 96, 97, 127, 128, 129, 1000};
  const VariateSource sources[] = {
      {},
      {77, Stream::kInputs, 3},
      {~uint64_t{0}, static_cast<Stream>(0xffffffff), 0xffffffff},
      {0x0123456789abcdef, Stream::kAttention, 1000}};
  for (const VariateSource& source : sources) {
    for (const size_t cols : kCols) {
      for (const uint32_t first_row : {0u, 5u, 0xfffffffeu}) {
        for (const uint32_t first_col : {0u, 4u, 1236u, 0xfffffc00u}) {
          constexpr size_t kRows = 3;  // from 2^32 − 2: wraps
          std::vector<uint32_t> storage(kRows * cols + 1, 77);
          const MatrixView<uint32_t> out(storage.data(), kRows, cols);
          FillWords(source, first_row, first_col, out);
          EXPECT_EQ(storage.back(), 77u);
          for (uint32_t i = 0; i < kRows; ++i) {
            for (uint32_t j = 0; j < cols; ++j) {
              ASSERT_EQ(out(i, j),
                        RandomWord(source, first_row + i, first_col + j))
                  << i << ' ' << j << " of " << cols << " from " << first_row
                  << ' ' << first_col;
            }
          }
        }
      }
    }
  }
}

TEST_P(Targets, KeepTheUlpBound) {
  const std::vector<uint32_t> words = WordsOfInterest();
  for (const VariateLaw law : kLaws) {
    const double bound = MaxUlp(law, GetParam());
    const double most = LargestUlp(law, words);
    EXPECT_FALSE(!(most <= bound)) << most << " ulp";
  }
}

TEST_P(Targets, AreAntisymmetricToTheBit) {
  const std::vector<uint32_t> words = WordsOfInterest();
  std::vector<uint32_t> complements;
  for (const uint32_t word : words) complements.push_back(~word);
  for (const VariateLaw law : kLaws) {
    const std::vector<float> x = Variates(law, words);
    const std::vector<float> y = Variates(law, complements);
    for (size_t i = 0; i < x.size(); ++i) {
      ASSERT_EQ(x[i], -y[i]) << "word " << words[i];
      ASSERT_EQ(std::signbit(x[i]), words[i] < kHalf) << "word " << words[i];
    }
  }
}

// mpmath, as in normal_quantile_test.cc: the values at both ends and next to
// the median.
TEST_P(Targets, ReachTheTailsAndTheMedian) {
  const std::vector<float> x =
      Variates(VariateLaw::kNormal, {0xffffffff, 0xfffffffe, 0x80000000});
  const double expected[] = {6.337957754553789, 6.166429517819750,
                             2.918099372916623e-10};
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_THAT(static_cast<double>(x[i]),
                IsNear(expected[i], MaxUlp(VariateLaw::kNormal, GetParam()) *
                                        Ulp(expected[i])));
  }
}

// A variate does not depend on its place in a vector: the list is longer than
// any group and no multiple of one.
TEST_P(Targets, MakeAVariateOfEachWordAlone) {
  const std::vector<uint32_t> words = Range(1000, 2 * kHalf, 4000037);
  for (const VariateLaw law : kLaws) {
    const std::vector<float> all = Variates(law, words);
    for (size_t i = 0; i < words.size(); ++i) {
      ASSERT_EQ(Variates(law, {words[i]})[0], all[i]) << "word " << words[i];
    }
  }
}

TEST_P(Targets, GiveEveryBlockTheBitsOfTheWhole) {
  const VariateSource source = {20, Stream::kInputs, 3};
  constexpr uint32_t kRows = 5, kCols = 1700;
  for (const VariateLaw law : kLaws) {
    Matrix<float> whole(kRows, kCols);
    FillVariates(law, source, 7, 0, whole.view());
    Matrix<uint32_t> words(kRows, kCols);
    FillWords(source, 7, 0, words.view());
    const std::vector<float> expected = Variates(
        law, std::vector<uint32_t>(words.data(), words.data() + words.size()));
    ASSERT_TRUE(std::equal(expected.begin(), expected.end(), whole.data()));
    for (const uint32_t first_row : {0u, 1u, 4u}) {
      for (const uint32_t first_col : {0u, 4u, 16u, 92u, 192u, 768u, 1000u}) {
        for (const size_t cols : {1, 5, 16, 31, 64, 97, 192, 700}) {
          const size_t rows = kRows - first_row;
          std::vector<float> storage(rows * cols + 1, 77.0f);
          const MatrixView<float> block(storage.data(), rows, cols);
          FillVariates(law, source, 7 + first_row, first_col, block);
          EXPECT_EQ(storage.back(), 77.0f);
          for (size_t i = 0; i < rows; ++i) {
            for (size_t j = 0; j < cols; ++j) {
              ASSERT_EQ(block(i, j), whole(first_row + i, first_col + j));
            }
          }
        }
      }
    }
  }
}

TEST_P(Targets, LeaveAnEmptyMatrixAlone) {
  std::vector<uint32_t> words(64, 77);
  std::vector<float> variates(64, 77.0f);
  for (const auto& [rows, cols] : {std::pair(0, 5), std::pair(5, 0)}) {
    FillWords({}, 0, 0, MatrixView<uint32_t>(words.data(), rows, cols));
    for (const VariateLaw law : kLaws) {
      FillVariates(law, {}, 0, 0,
                   MatrixView<float>(variates.data(), rows, cols));
      FloatVariatesFromWords(law, words.data(), 0, variates.data());
    }
  }
  EXPECT_THAT(words, ::testing::Each(77u));
  EXPECT_THAT(variates, ::testing::Each(77.0f));
}

// FNV-1a of the bits of variates.
uint64_t Fingerprint(VariateLaw law) {
  uint64_t hash = 0xcbf29ce484222325;
  for (const float x : Variates(law, WordsOfInterest())) {
    hash = (hash ^ std::bit_cast<uint32_t>(x)) * 0x100000001b3;
  }
  return hash;
}

// A float's bits are a promise between machines too, so they are written down
// here. Who changes them on purpose raises the numerics version.
TEST_P(Targets, GiveTheSameBitsWhereThereIsAFusedMultiplyAdd) {
  if (!HasFusedMultiplyAdd(GetParam())) GTEST_SKIP() << "rounds twice";
  EXPECT_EQ(Fingerprint(VariateLaw::kNormal), 10514496188106636227u);
  EXPECT_EQ(Fingerprint(VariateLaw::kUniform), 951702779987547923u);
  EXPECT_EQ(Fingerprint(VariateLaw::kTruncatedNormal), 3094804119308297109u);
}

// All words, and all instruction sets, in ten minutes:
//   ctest --preset release -C Scans -R scan
TEST(FloatVariates, DISABLED_KeepTheUlpBoundForEveryWord) {
  constexpr uint64_t kPiece = 1 << 20;
  for (const VariateLaw law : kLaws) {
    std::vector<double> most(KernelTargets().size(), 0.0);
    for (uint64_t first = 0; first < kHalf; first += kPiece) {
      const std::vector<uint32_t> words = Range(first, first + kPiece);
      std::vector<uint32_t> complements;
      std::vector<double> exact;
      for (const uint32_t word : words) {
        complements.push_back(~word);
        exact.push_back(Exact(law, word));
      }
      for (size_t t = 0; t < most.size(); ++t) {
        const ForcedKernelTarget forced(KernelTargets()[t]);
        const std::vector<float> x = Variates(law, words);
        const std::vector<float> y = Variates(law, complements);
        for (size_t i = 0; i < kPiece; ++i) {
          ASSERT_EQ(x[i], -y[i]) << "word " << words[i];
          const double error = std::abs(x[i] - exact[i]) / Ulp(exact[i]);
          if (!(error <= most[t])) most[t] = error;
          ASSERT_FALSE(std::isnan(error)) << "word " << words[i];
        }
      }
    }
    for (size_t t = 0; t < most.size(); ++t) {
      const std::string target = KernelTargets()[t];
      std::printf("law %d, %s: at most %.3f ulp\n", static_cast<int>(law),
                  target.c_str(), most[t]);
      EXPECT_LE(most[t], MaxUlp(law, target)) << target;
    }
  }
}

}  // namespace float_variates_test
}  // namespace initscope

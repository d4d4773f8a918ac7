#include "random/variates.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <string>
#include <vector>

#include "base/matchers_test.h"
#include "random/philox.h"

namespace initscope {
namespace variates_test {

constexpr double kEps = std::numeric_limits<double>::epsilon();
constexpr VariateLaw kLaws[] = {VariateLaw::kNormal, VariateLaw::kUniform,
                                VariateLaw::kTruncatedNormal};

std::string Name(VariateLaw law) {
  return law == VariateLaw::kNormal    ? "normal"
         : law == VariateLaw::kUniform ? "uniform"
                                       : "truncated normal";
}

double NormalCdf(double x) { return std::erfc(-x / std::sqrt(2.0)) / 2; }

// What each law should be, written down anew.
double Cdf(VariateLaw law, double x) {
  switch (law) {
    case VariateLaw::kNormal:
      return NormalCdf(x);
    case VariateLaw::kUniform:
      return std::clamp((x / std::sqrt(3.0) + 1) / 2, 0.0, 1.0);
    case VariateLaw::kTruncatedNormal: {
      const double low = NormalCdf(-2);
      const double z = x * kTruncatedNormalStd;
      return std::clamp((NormalCdf(z) - low) / (1 - 2 * low), 0.0, 1.0);
    }
  }
  return std::nan("");
}

// E z^k, k even, of N(0,1) cut at ±2; integration by parts gives
// E z^k = (k − 1) E z^(k−2) − 2·2^(k−1) φ(2)/(Φ(2) − Φ(−2)).
double CutNormalMoment(int k) {
  if (k == 0) return 1;
  const double density =
      std::exp(-2.0) / std::sqrt(2 * std::acos(-1.0)) / std::erf(std::sqrt(2));
  return (k - 1) * CutNormalMoment(k - 2) - std::ldexp(density, k);
}

// E x^k; 0 for odd k.
double Moment(VariateLaw law, int k) {
  if (k % 2 == 1) return 0;
  switch (law) {
    case VariateLaw::kNormal: {
      double product = 1;
      for (int i = k - 1; i > 1; i -= 2) product *= i;
      return product;
    }
    case VariateLaw::kUniform:
      return std::pow(3.0, k / 2) / (k + 1);
    case VariateLaw::kTruncatedNormal:
      return CutNormalMoment(k) / std::pow(kTruncatedNormalStd, k);
  }
  return std::nan("");
}

Matrix<double> Draw(VariateLaw law, const VariateSource& source, size_t rows,
                    size_t cols, uint32_t first_row = 0) {
  Matrix<double> out(rows, cols);
  FillVariates(law, source, first_row, 0, out.view());
  return out;
}

// The Kolmogorov-Smirnov statistic of n sorted values against a law.
double KolmogorovSmirnov(VariateLaw law, const std::vector<double>& sorted) {
  const double n = static_cast<double>(sorted.size());
  double most = 0;
  for (size_t i = 0; i < sorted.size(); ++i) {
    const double f = Cdf(law, sorted[i]);
    const double k = static_cast<double>(i);
    most = std::max({most, f - k / n, (k + 1) / n - f});
  }
  return most;
}

// What the statistic exceeds with probability at most 1e-6 under the law:
// P(D > ε) <= 2 exp(−2nε²), the inequality of Dvoretzky, Kiefer & Wolfowitz
// with Massart's constant.
double KolmogorovSmirnovLimit(size_t n) {
  return std::sqrt(std::log(2 / 1e-6) / (2 * static_cast<double>(n)));
}

// Philox's counter and the numbers of the streams are what a seed means.
TEST(RandomWord, IsPhiloxAtTheIndex) {
  const VariateSource source = {0x0123456789abcdef, Stream::kProbes, 7};
  for (uint32_t row : {0u, 1u, 1000u, 0xffffffffu}) {
    for (uint32_t col : {0u, 1u, 2u, 3u, 4u, 7u, 4001u, 0xffffffffu}) {
      EXPECT_EQ(RandomWord(source, row, col),
                Philox4x32({col / 4, row, 7, 4}, source.seed)[col % 4]);
    }
  }
  EXPECT_EQ(RandomWord({}, 0, 0), 0x6627e8d5u);  // the published vector
  static_assert(static_cast<int>(Stream::kWeights) == 0);
  static_assert(static_cast<int>(Stream::kBiases) == 1);
  static_assert(static_cast<int>(Stream::kInputs) == 2);
  static_assert(static_cast<int>(Stream::kTargets) == 3);
  static_assert(static_cast<int>(Stream::kProbes) == 4);
  static_assert(static_cast<int>(Stream::kSampleOrder) == 5);
  static_assert(static_cast<int>(Stream::kMinibatches) == 6);
  static_assert(static_cast<int>(Stream::kAttention) == 7);
}

TEST(RandomWord, DiffersWithEveryPartOfTheIndex) {
  std::vector<VariateSource> sources;
  for (uint32_t stream = 0; stream < 8; ++stream) {
    for (uint32_t layer : {0u, 1u, 2u, 1000u}) {
      for (uint64_t seed : {uint64_t{0}, uint64_t{1}, uint64_t{2},
                            uint64_t{1} << 32, ~uint64_t{0}}) {
        sources.push_back({seed, static_cast<Stream>(stream), layer});
      }
    }
  }
  // 160 sources × 8 rows × 8 columns: n = 10240 words of 2^32, of which
  // n²/2^33 = 0.012 pairs are expected to be equal.
  std::multiset<uint32_t> words;
  for (const VariateSource& source : sources) {
    for (uint32_t row = 0; row < 8; ++row) {
      for (uint32_t col = 0; col < 8; ++col) {
        words.insert(RandomWord(source, row, col));
      }
    }
  }
  const std::set<uint32_t> different(words.begin(), words.end());
  EXPECT_EQ(different.size(), words.size());
}

TEST(Uniform01, LiesInTheMiddleOfItsCell) {
  EXPECT_EQ(Uniform01(0), 0x1p-33);
  EXPECT_EQ(Uniform01(0x80000000), 0.5 + 0x1p-33);
  EXPECT_EQ(Uniform01(0xffffffff), 1 - 0x1p-33);
}

void ExpectFillIsTheWords(VariateLaw law, uint32_t first_row, size_t rows,
                          size_t cols) {
  const VariateSource source = {20, Stream::kInputs, 3};
  // One entry more: nothing is written behind the end.
  std::vector<double> storage(rows * cols + 1, 77);
  const MatrixView<double> out(storage.data(), rows, cols);
  FillVariates(law, source, first_row, 0, out);
  EXPECT_EQ(storage.back(), 77);
  for (size_t i = 0; i < rows; ++i) {
    for (size_t j = 0; j < cols; ++j) {
      const uint32_t word =
          RandomWord(source, first_row + static_cast<uint32_t>(i),
                     static_cast<uint32_t>(j));
      ASSERT_EQ(out(i, j), VariateFromWord(law, word))
          << Name(law) << ' ' << i << ' ' << j << " of " << rows << " x "
          << cols << " from row " << first_row;
    }
  }
}

TEST(FillVariates, GivesTheVariateOfEveryWord) {
  constexpr size_t kSizes[] = {1, 2, 3, 4, 5, 15, 16, 17, 1000};
  for (const VariateLaw law : kLaws) {
    for (const size_t rows : kSizes) {
      for (const size_t cols : kSizes) {
        if (rows * cols > 20000) continue;
        for (const uint32_t first_row : {0u, 5u, 0x7fffffffu}) {
          if (first_row > 0 && rows > 5) continue;
          ExpectFillIsTheWords(law, first_row, rows, cols);
        }
      }
    }
  }
}

TEST(FillVariates, LeavesAnEmptyMatrixAlone) {
  FillVariates(VariateLaw::kNormal, {}, 0, 0, MatrixView<float>(nullptr, 0, 5));
  FillVariates(VariateLaw::kNormal, {}, 0, 0, MatrixView<float>(nullptr, 5, 0));
}

TEST(VariateFromWord, KeepsTheLawsBounds) {
  const double cut = 2 / kTruncatedNormalStd;
  for (uint64_t word = 0; word <= 0xffffffff; word += 0x10001) {
    const auto w = static_cast<uint32_t>(word);
    ASSERT_LT(std::abs(VariateFromWord(VariateLaw::kUniform, w)),
              std::sqrt(3.0));
    ASSERT_LT(std::abs(VariateFromWord(VariateLaw::kTruncatedNormal, w)), cut);
  }
  // The outermost words; 0xffffffff is a multiple of 0x10001.
  const double top = std::sqrt(3.0) * (1 - 0x1p-32);
  EXPECT_THAT(VariateFromWord(VariateLaw::kUniform, 0xffffffff),
              IsNear(top, kEps * top));  // two roundings of half an ulp
  EXPECT_THAT(VariateFromWord(VariateLaw::kUniform, 0),
              IsNear(-top, kEps * top));
}

struct Value {
  uint32_t word;
  long double variate;
};

// mpmath, 50 digits.
constexpr Value kTruncatedValues[] = {
    {0u, -2.273694466337376377644L},
    {1u, -2.273694461657903273961L},
    {1000u, -2.273689786883514889677L},
    {1000000u, -2.269034136700179904389L},
    {268435456u, -1.57915565460193698312L},
    {1000000000u, -0.7848229797008959342653L},
    {1073741824u, -0.7265726079184404404791L},
    {3000000000u, 0.5619682476782586997515L},
    {4026531840u, 1.579155656263797016811L},
    {4294966295u, 2.273689786883514889677L},
    {4294967295u, 2.273694466337376377644L},
};

// p = Φ(−2) + u(Φ(2) − Φ(−2)) carries four roundings of at most ε/2, which
// the quantile multiplies by at most 1/φ(2); the quantile itself is within
// 8 ulp, 8ε·|x|; the division adds another.
TEST(VariateFromWord, CutsTheNormalLawAtTwo) {
  const double density = std::exp(-2.0) / std::sqrt(2 * std::acos(-1.0));
  for (const Value& value : kTruncatedValues) {
    const double tolerance =
        2 * kEps / density / kTruncatedNormalStd +
        9 * kEps * static_cast<double>(std::abs(value.variate));
    EXPECT_THAT(static_cast<long double>(
                    VariateFromWord(VariateLaw::kTruncatedNormal, value.word)),
                IsNear(value.variate, tolerance))
        << "word " << value.word;
  }
}

TEST(VariateFromWord, DividesByTheStandardDeviationOfTheCutLaw) {
  // A handful of roundings of numbers below 1.
  EXPECT_THAT(std::sqrt(CutNormalMoment(2)),
              IsNear(kTruncatedNormalStd, 4 * kEps));
}

class Laws : public testing::TestWithParam<VariateLaw> {};
INSTANTIATE_TEST_SUITE_P(All, Laws, testing::ValuesIn(kLaws),
                         [](const auto& info) {
                           std::string name = Name(info.param);
                           std::erase(name, ' ');
                           return name;
                         });

// n = 10^6, not less: a scale that is wrong by 2 % moves the normal law's
// distribution function by 0.02·φ(1) = 0.0048, and the limit is 0.0027.
TEST_P(Laws, PassKolmogorovSmirnovAndAWrongScaleDoesNot) {
  const size_t n = 1'000'000;
  const Matrix<double> x = Draw(GetParam(), {1}, 1000, n / 1000);
  std::vector<double> sorted(x.data(), x.data() + n);
  std::sort(sorted.begin(), sorted.end());
  const double limit = KolmogorovSmirnovLimit(n);
  const double statistic = KolmogorovSmirnov(GetParam(), sorted);
  EXPECT_FALSE(!(statistic <= limit)) << statistic << " > " << limit;

  for (double& v : sorted) v *= 1.02;
  EXPECT_GT(KolmogorovSmirnov(GetParam(), sorted), limit);
}

// E x^k within 6 standard errors, √((E x^2k − (E x^k)²)/n); k = 2 is the
// variance.
TEST_P(Laws, HaveTheirMoments) {
  const size_t n = 200'000;
  for (const uint64_t seed : {1, 2, 3}) {
    const Matrix<double> x = Draw(GetParam(), {seed}, 500, n / 500);
    for (int k = 1; k <= 8; ++k) {
      double sum = 0;
      for (size_t i = 0; i < n; ++i) sum += std::pow(x.data()[i], k);
      const double moment = Moment(GetParam(), k);
      const double error =
          std::sqrt((Moment(GetParam(), 2 * k) - moment * moment) / n);
      EXPECT_THAT(sum / n, IsNear(moment, 6 * error)) << "k = " << k;
      // The test sees a scale that is wrong by 2 %, at k = 2.
      if (k == 2) {
        EXPECT_THAT(sum / n * 1.02 * 1.02,
                    testing::Not(IsNear(1.0, 6 * error)));
      }
    }
  }
}

// The mean of x·y, with standard error 1/√n where x and y are independent.
double Correlation(ConstMatrixView<double> x, ConstMatrixView<double> y) {
  double sum = 0;
  for (size_t i = 0; i < x.size(); ++i) sum += x.data()[i] * y.data()[i];
  return sum / static_cast<double>(x.size());
}

TEST_P(Laws, NeighboursAreUncorrelated) {
  constexpr size_t kRows = 400;
  constexpr size_t kCols = 500;
  const double limit = 5 / std::sqrt(static_cast<double>(kRows * kCols));
  const VariateLaw law = GetParam();
  const Matrix<double> x = Draw(law, {4}, kRows, kCols);
  const auto expect_uncorrelated = [&](const Matrix<double>& y,
                                       const char* what) {
    EXPECT_THAT(Correlation(x.view(), y.view()), IsNear(0.0, limit)) << what;
    // Nor their squares, whose correlation is E x²y² − 1.
    double sum = 0;
    for (size_t i = 0; i < x.size(); ++i) {
      sum += (x.data()[i] * x.data()[i] - 1) * (y.data()[i] * y.data()[i] - 1);
    }
    const double scale = Moment(law, 4) - 1;
    EXPECT_THAT(sum / static_cast<double>(x.size()) / scale, IsNear(0.0, limit))
        << what << ", squares";
  };
  expect_uncorrelated(Draw(law, {4}, kRows, kCols, 1), "rows");
  expect_uncorrelated(Draw(law, {5}, kRows, kCols), "seeds");
  expect_uncorrelated(Draw(law, {4 + (uint64_t{1} << 32)}, kRows, kCols),
                      "seeds' high halves");
  expect_uncorrelated(Draw(law, {4, Stream::kWeights, 1}, kRows, kCols),
                      "layers");
  expect_uncorrelated(Draw(law, {4, Stream::kBiases}, kRows, kCols), "streams");
  const Matrix<double> wide = Draw(law, {4}, kRows, kCols + 4);
  for (const size_t lag : {1, 2, 3, 4}) {
    Matrix<double> y(kRows, kCols);
    for (size_t i = 0; i < kRows; ++i) {
      std::copy_n(wide.row(i) + lag, kCols, y.row(i));
    }
    expect_uncorrelated(y, "columns");
  }
  // The test sees what is correlated: x with itself.
  EXPECT_THAT(Correlation(x.view(), x.view()),
              testing::Not(IsNear(0.0, limit)));
}

}  // namespace variates_test
}  // namespace initscope

// The unit draw and its products: against plain sums over Entries(), and the
// same to the bit however they are made.

#include "nn/unit_weights.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "base/matchers_test.h"
#include "base/targets_test.h"
#include "linalg/batches_test.h"

namespace initscope {
namespace unit_weights_test {

using Real = long double;

constexpr UnitLaw kLaws[] = {
    UnitLaw::kNormal,     UnitLaw::kUniform, UnitLaw::kTruncatedNormal,
    UnitLaw::kOrthogonal, UnitLaw::kZero,    UnitLaw::kConstant};

struct Shape {
  size_t fan_in, fan_out;
};
// One block and several, with and without rests, wide and tall.
constexpr Shape kShapes[] = {{1, 1},    {5, 17},    {192, 193},
                             {33, 400}, {401, 200}, {64, 64}};

template <typename T>
UnitWeights<T> Draw(UnitLaw law, const Shape& shape, bool keep) {
  return UnitWeights<T>(law, 3, 2, shape.fan_in, shape.fan_out, keep);
}

template <typename T>
class UnitWeightsOf : public testing::Test {};
using Types = testing::Types<float, double>;
TYPED_TEST_SUITE(UnitWeightsOf, Types);

// Products of the same products, one call for all of them.
template <typename T>
std::vector<PackedBatch<T>> Products(UnitWeights<T>* weights, bool forward,
                                     const std::vector<PackedBatch<T>>& in,
                                     size_t jobs) {
  std::vector<PackedBatch<T>> out(in.size());
  std::vector<ProductJob<T>> products;
  const Matrix<T> u = weights->Entries();
  for (size_t k = 0; k < in.size(); ++k) {
    out[k].Resize(in[k].samples(), forward ? u.cols() : u.rows());
    products.push_back({&in[k], &out[k]});
  }
  forward ? weights->Forward(products, jobs)
          : weights->Backward(products, jobs);
  return out;
}

template <typename T>
bool SameBits(const PackedBatch<T>& a, const PackedBatch<T>& b) {
  std::vector<T> one(a.units()), other(b.units());
  for (size_t i = 0; i < a.samples(); ++i) {
    CopySample(a, i, one.data());
    CopySample(b, i, other.data());
    if (std::memcmp(one.data(), other.data(), one.size() * sizeof(T)) != 0) {
      return false;
    }
  }
  return true;
}

// k products and sums in T: k·eps·Σ|x||u|, packed_product.h.
template <typename T>
void ExpectPlainProduct(const ScaledMatrix<T>& in, const Matrix<T>& u,
                        bool forward, const PackedBatch<T>& found) {
  const size_t k = in.cols();
  for (size_t i = 0; i < in.rows(); ++i) {
    for (size_t j = 0; j < found.units(); ++j) {
      Real sum = 0, magnitude = 0;
      for (size_t l = 0; l < k; ++l) {
        const Real term =
            Real{in.mantissa(i, l)} * (forward ? u(l, j) : u(j, l));
        sum += term;
        magnitude += std::abs(term);
      }
      ASSERT_THAT(
          found.unit(i / found.width(), j)[i % found.width()],
          IsNear(sum, static_cast<Real>(k) * std::numeric_limits<T>::epsilon() *
                          magnitude))
          << "sample " << i << ", unit " << j;
    }
  }
}

TYPED_TEST(UnitWeightsOf, ProductsAreThoseOfTheEntries) {
  using T = TypeParam;
  for (const Shape& shape : kShapes) {
    const auto x = DrawNormal<T>(19, shape.fan_in, 0);
    const auto d = DrawNormal<T>(19, shape.fan_out, 1);
    for (UnitLaw law : kLaws) {
      SCOPED_TRACE("law " + std::to_string(static_cast<int>(law)) + ", " +
                   std::to_string(shape.fan_in) + " x " +
                   std::to_string(shape.fan_out));
      OnEveryTarget([&] {
        auto weights = Draw<T>(law, shape, true);
        std::vector<PackedBatch<T>> xs, ds;
        xs.push_back(Packed(x));
        ds.push_back(Packed(d));
        const Matrix<T> u = weights.Entries();
        ExpectPlainProduct(x, u, true, Products(&weights, true, xs, 1)[0]);
        ExpectPlainProduct(d, u, false, Products(&weights, false, ds, 1)[0]);
      });
    }
  }
}

// Kept or drawn anew, for one product or several, by one worker or three, and
// backward first, too.
TYPED_TEST(UnitWeightsOf, NeitherMemoryNorCompanyNorJobsChangeABit) {
  using T = TypeParam;
  for (const Shape& shape : kShapes) {
    for (UnitLaw law : kLaws) {
      SCOPED_TRACE("law " + std::to_string(static_cast<int>(law)) + ", " +
                   std::to_string(shape.fan_in) + " x " +
                   std::to_string(shape.fan_out));
      std::vector<PackedBatch<T>> x, d;
      for (size_t samples : {1, 70, 33}) {
        const auto draw = static_cast<uint32_t>(samples);
        x.push_back(Packed(DrawNormal<T>(samples, shape.fan_in, draw)));
        d.push_back(Packed(DrawNormal<T>(samples, shape.fan_out, draw + 1)));
      }
      auto reference = Draw<T>(law, shape, true);
      const auto z = Products(&reference, true, x, 1);
      const auto b = Products(&reference, false, d, 1);
      for (bool keep : {true, false}) {
        for (size_t jobs : {1, 3}) {
          auto weights = Draw<T>(law, shape, keep);
          const auto backward = Products(&weights, false, d, jobs);
          for (size_t k = 0; k < x.size(); ++k) {
            EXPECT_TRUE(SameBits(backward[k], b[k])) << keep << jobs;
            std::vector<PackedBatch<T>> one;
            one.push_back(CopyOf(x[k]));
            const auto forward = Products(&weights, true, one, jobs);
            EXPECT_TRUE(SameBits(forward[0], z[k])) << keep << jobs;
          }
          EXPECT_EQ(weights.EntryMoments().count(),
                    shape.fan_in * shape.fan_out);
        }
      }
    }
  }
}

// Sums in double of n entries, whose squares are at most of that order: the
// merge of blocks costs a few roundings more.
TYPED_TEST(UnitWeightsOf, EntryMomentsAreThoseOfTheEntries) {
  using T = TypeParam;
  constexpr double kEps = std::numeric_limits<double>::epsilon();
  for (const Shape& shape : kShapes) {
    for (UnitLaw law : kLaws) {
      for (bool keep : {true, false}) {
        SCOPED_TRACE("law " + std::to_string(static_cast<int>(law)));
        auto weights = Draw<T>(law, shape, keep);
        std::vector<PackedBatch<T>> x;
        x.push_back(Packed(DrawNormal<T>(2, shape.fan_in, 0)));
        Products(&weights, true, x, 1);
        Products(&weights, true, x, 1);  // adds nothing
        const Matrix<T> u = weights.Entries();
        const Real n = static_cast<Real>(u.size());
        Real mean = 0, second = 0, variance = 0;
        for (size_t k = 0; k < u.size(); ++k) {
          mean += u.data()[k] / n;
          second += Real{u.data()[k]} * u.data()[k] / n;
        }
        for (size_t k = 0; k < u.size(); ++k) {
          variance += (u.data()[k] - mean) * (u.data()[k] - mean) / n;
        }
        const Moments& found = weights.EntryMoments();
        const Real tolerance = (n + 16) * kEps;
        EXPECT_EQ(found.count(), u.size());
        EXPECT_THAT(found.Mean().ToDouble(),
                    IsNear(mean, tolerance * std::sqrt(second)));
        EXPECT_THAT(found.Variance().ToDouble(),
                    IsNear(variance, tolerance * second));
        EXPECT_THAT(found.SecondMoment().ToDouble(),
                    IsNear(second, tolerance * second));
      }
    }
  }
}

// Units that must agree do so to the bit, and zero leaves nothing.
TYPED_TEST(UnitWeightsOf, ConstantGivesEqualUnitsAndZeroNone) {
  using T = TypeParam;
  OnEveryTarget([] {
    std::vector<PackedBatch<T>> x;
    x.push_back(Packed(DrawNormal<T>(37, 401, 0)));
    auto constant = Draw<T>(UnitLaw::kConstant, {401, 30}, true);
    auto zero = Draw<T>(UnitLaw::kZero, {401, 30}, true);
    const auto sums = Products(&constant, true, x, 1);
    const auto zeros = Products(&zero, true, x, 1);
    for (size_t i = 0; i < 37; ++i) {
      std::vector<T> row(30);
      CopySample(sums[0], i, row.data());
      EXPECT_EQ(std::count(row.begin(), row.end(), row[0]), 30);
      EXPECT_NE(row[0], 0);
      CopySample(zeros[0], i, row.data());
      EXPECT_EQ(std::count(row.begin(), row.end(), T{0}), 30);
    }
  });
}

}  // namespace unit_weights_test
}  // namespace initscope

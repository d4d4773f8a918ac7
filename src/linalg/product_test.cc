#include "linalg/product.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <iterator>
#include <limits>
#include <string>
#include <vector>

#include "random/variates.h"

namespace initscope {
namespace {

constexpr size_t kSizes[] = {1, 2, 15, 16, 17, 31, 33, 63, 64, 65, 127, 129};
constexpr size_t kCount = std::size(kSizes);

struct Shape {
  size_t m, n, k;
};

std::string Text(const Shape& s) {
  return std::to_string(s.m) + " x " + std::to_string(s.n) + " over " +
         std::to_string(s.k);
}

// A Latin square, so that every pair of sizes occurs in every two dimensions,
// and the cube of small sizes, where another algorithm may be at work.
std::vector<Shape> Shapes() {
  std::vector<Shape> shapes;
  for (size_t i = 0; i < kCount; ++i) {
    for (size_t j = 0; j < kCount; ++j) {
      shapes.push_back({kSizes[i], kSizes[j], kSizes[(i + j) % kCount]});
    }
  }
  for (const Shape& s : {Shape{1, 1, 1}, Shape{1, 1, 129}, Shape{1, 129, 1},
                         Shape{129, 1, 1}, Shape{4, 5, 6}, Shape{129, 129, 129},
                         Shape{5, 7, 1000}, Shape{300, 1, 3}}) {
    shapes.push_back(s);
  }
  for (size_t m = 1; m <= 6; ++m) {
    for (size_t n = 1; n <= 6; ++n) {
      for (size_t k = 1; k <= 9; ++k) shapes.push_back({m, n, k});
    }
  }
  return shapes;
}

// Storage in which a matrix begins `offset` entries behind an aligned address.
template <typename T>
class Placed {
 public:
  Placed(size_t rows, size_t cols, size_t offset)
      : storage_(1, offset + rows * cols),
        view_(storage_.data() + offset, rows, cols) {}
  MatrixView<T> view() { return view_; }
  ConstMatrixView<T> constant() const { return view_; }

 private:
  Matrix<T> storage_;
  MatrixView<T> view_;
};

enum class Kind { kMultiply, kMultiplyTransposed, kTransposedMultiply };
constexpr Kind kKinds[] = {Kind::kMultiply, Kind::kMultiplyTransposed,
                           Kind::kTransposedMultiply};

// The product of two normal draws of a shape, and what it was made of.
template <typename T>
struct Product {
  Placed<T> a, b, out;

  Product(Kind kind, const Shape& s, size_t a_offset, size_t b_offset,
          size_t out_offset)
      : a(kind == Kind::kTransposedMultiply ? s.k : s.m,
          kind == Kind::kTransposedMultiply ? s.m : s.k, a_offset),
        b(kind == Kind::kMultiplyTransposed ? s.n : s.k,
          kind == Kind::kMultiplyTransposed ? s.k : s.n, b_offset),
        out(s.m, s.n, out_offset) {
    FillVariates(VariateLaw::kNormal, {1}, 0, 0, a.view());
    FillVariates(VariateLaw::kNormal, {2}, 0, 0, b.view());
    // What was there before must not count.
    std::fill_n(out.view().data(), out.view().size(), std::nan(""));
    switch (kind) {
      case Kind::kMultiply:
        Multiply(a.constant(), b.constant(), out.view());
        break;
      case Kind::kMultiplyTransposed:
        MultiplyTransposed(a.constant(), b.constant(), out.view());
        break;
      case Kind::kTransposedMultiply:
        TransposedMultiply(a.constant(), b.constant(), out.view());
        break;
    }
  }
};

template <typename T>
class ProductOf : public testing::Test {};
using Types = testing::Types<float, double>;
TYPED_TEST_SUITE(ProductOf, Types);

// The header's bound, k·eps·Σ|a||b|. The reference's own error, k·2⁻⁶⁴ of the
// same sum, is 2000 times smaller in double, and eps is twice the unit
// roundoff.
TYPED_TEST(ProductOf, IsThePlainSumOfProducts) {
  using T = TypeParam;
  constexpr long double kEps = std::numeric_limits<T>::epsilon();
  for (const Kind kind : kKinds) {
    for (const Shape& s : Shapes()) {
      Product<T> p(kind, s, 0, 0, 0);
      const auto a = p.a.constant();
      const auto b = p.b.constant();
      for (size_t i = 0; i < s.m; ++i) {
        for (size_t j = 0; j < s.n; ++j) {
          long double sum = 0;
          long double magnitude = 0;
          for (size_t k = 0; k < s.k; ++k) {
            const long double x =
                kind == Kind::kTransposedMultiply ? a(k, i) : a(i, k);
            const long double y =
                kind == Kind::kMultiplyTransposed ? b(j, k) : b(k, j);
            sum += x * y;
            magnitude += std::abs(x * y);
          }
          const long double tolerance =
              static_cast<long double>(s.k) * kEps * magnitude;
          const long double error =
              std::abs(static_cast<long double>(p.out.view()(i, j)) - sum);
          if (!(error <= tolerance)) {
            FAIL() << "product " << static_cast<int>(kind) << ", " << Text(s)
                   << ", entry (" << i << ", " << j << "): off by " << error
                   << ", of " << tolerance;
          }
        }
      }
    }
  }
}

// The same values give the same bits, wherever they lie in memory and however
// often they are multiplied.
TYPED_TEST(ProductOf, DependsOnValuesAlone) {
  using T = TypeParam;
  struct Offsets {
    size_t a, b, out;
  };
  for (const Kind kind : kKinds) {
    for (const Shape& s : Shapes()) {
      Product<T> first(kind, s, 0, 0, 0);
      for (const Offsets& o :
           {Offsets{0, 0, 0}, Offsets{1, 0, 0}, Offsets{0, 1, 0},
            Offsets{0, 0, 1}, Offsets{3, 5, 7}, Offsets{2, 9, 3}}) {
        Product<T> other(kind, s, o.a, o.b, o.out);
        ASSERT_EQ(std::memcmp(first.out.view().data(), other.out.view().data(),
                              s.m * s.n * sizeof(T)),
                  0)
            << "product " << static_cast<int>(kind) << ", " << Text(s)
            << ", offsets " << o.a << ' ' << o.b << ' ' << o.out;
      }
    }
  }
}

// The inner dimension may be 0: an empty sum is 0.
TYPED_TEST(ProductOf, IsZeroOverNothing) {
  for (const Kind kind : kKinds) {
    Product<TypeParam> p(kind, {3, 5, 0}, 0, 0, 0);
    for (size_t i = 0; i < 15; ++i) EXPECT_EQ(p.out.view().data()[i], 0);
  }
}

TYPED_TEST(ProductOf, PassesNonFiniteEntriesOn) {
  using T = TypeParam;
  for (const T bad : {std::numeric_limits<T>::infinity(),
                      std::numeric_limits<T>::quiet_NaN()}) {
    Placed<T> a(5, 33, 0), b(33, 17, 0), out(5, 17, 0);
    std::fill_n(a.view().data(), a.view().size(), T{1});
    std::fill_n(b.view().data(), b.view().size(), T{1});
    a.view()(2, 32) = bad;
    Multiply(a.constant(), b.constant(), out.view());
    for (size_t i = 0; i < 5; ++i) {
      for (size_t j = 0; j < 17; ++j) {
        EXPECT_EQ(std::isfinite(out.view()(i, j)), i != 2);
      }
    }
  }
}

TEST(ProductDeathTest, WantsShapesThatFit) {
  Matrix<float> a(2, 3), b(2, 3), c(2, 2), d(3, 3);
  const Matrix<float>& x = a;
  const Matrix<float>& y = b;
  EXPECT_DEATH(Multiply(x.view(), y.view(), c.view()), "does not hold");
  EXPECT_DEATH(MultiplyTransposed(x.view(), y.view(), d.view()),
               "does not hold");
  EXPECT_DEATH(TransposedMultiply(x.view(), y.view(), c.view()),
               "does not hold");
}

}  // namespace
}  // namespace initscope

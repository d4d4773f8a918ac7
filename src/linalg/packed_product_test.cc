// Every packed product against plain loops in double, over sizes around the
// vectors, tiles and blocks, on every kernel target of this machine.

#include "linalg/packed_product.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "base/kernel_target.h"
#include "base/test_matchers.h"
#include "random/variates.h"

namespace initscope {
namespace {

constexpr size_t kSizes[] = {1,  2,  15, 16,  17,  31,  33,
                             63, 64, 65, 127, 128, 129, 1000};

// k·eps·Σ|a||b|, the header's bound; underflow does not occur.
template <typename T>
double Bound(size_t k, double magnitude) {
  return static_cast<double>(k) * std::numeric_limits<T>::epsilon() * magnitude;
}

template <typename T>
ScaledMatrix<T> Draw(size_t rows, size_t cols, uint32_t layer) {
  ScaledMatrix<T> m;
  m.Resize(rows, cols);
  for (size_t i = 0; i < rows; ++i) {
    for (size_t j = 0; j < cols; ++j) {
      m.mantissa(i, j) =
          static_cast<T>(2 * Uniform01(RandomWord({1, Stream::kWeights, layer},
                                                  static_cast<uint32_t>(i),
                                                  static_cast<uint32_t>(j))) -
                         1);
    }
  }
  return m;
}

template <typename T>
PackedBatch<T> Packed(const ScaledMatrix<T>& m) {
  PackedBatch<T> packed;
  Pack(m, &packed);
  return packed;
}

template <typename T>
void PackAll(const Matrix<T>& from, PackedWeights<T>* to) {
  to->Resize(from.rows(), from.cols());
  for (size_t i = 0; i * kWeightBlock < from.rows(); ++i) {
    for (size_t c = 0; c < from.cols(); c += kWeightBlock) {
      const auto block =
          to->Block(i, c, std::min(kWeightBlock, from.cols() - c));
      Matrix<T> rows(block.rows, block.columns);
      for (size_t r = 0; r < rows.rows(); ++r) {
        std::copy_n(from.row(block.row + r) + c, rows.cols(), rows.row(r));
      }
      // In two pieces, so that both ends of PackRows are seen.
      const size_t half = rows.rows() / 2;
      PackRows<T>({rows.data(), half, rows.cols()}, 0, block);
      PackRows<T>({rows.row(half), rows.rows() - half, rows.cols()}, half,
                  block);
    }
  }
}

template <typename T>
void ForAllBlocks(PackedWeights<T>* w, size_t step, auto&& call) {
  for (size_t c = 0; c < w->columns(); c += step) {
    for (size_t i = 0; i * kWeightBlock < w->rows(); ++i) {
      call(w->Block(i, c, std::min(step, w->columns() - c)));
    }
  }
}

// The shapes: each size once in each dimension, with others of its kind.
struct Shape {
  size_t samples, fan_in, fan_out;
};
std::vector<Shape> Shapes() {
  std::vector<Shape> shapes;
  const size_t count = std::size(kSizes);
  for (size_t i = 0; i < count; ++i) {
    shapes.push_back(
        {kSizes[i], kSizes[(i + 3) % count], kSizes[(i + 7) % count]});
    shapes.push_back(
        {kSizes[(i + 5) % count], kSizes[i], kSizes[(i + 1) % count]});
    shapes.push_back({17, kSizes[i], kSizes[i]});
  }
  return shapes;
}

template <typename T>
void CheckProducts(const Shape& shape) {
  SCOPED_TRACE(std::to_string(shape.samples) + " samples, " +
               std::to_string(shape.fan_in) + " x " +
               std::to_string(shape.fan_out));
  const ScaledMatrix<T> x = Draw<T>(shape.samples, shape.fan_in, 0);
  const ScaledMatrix<T> d = Draw<T>(shape.samples, shape.fan_out, 1);
  const ScaledMatrix<T> u = Draw<T>(shape.fan_in, shape.fan_out, 2);
  PackedWeights<T> w;
  PackAll(u.mantissa, &w);
  const PackedBatch<T> px = Packed(x), pd = Packed(d);
  PackedBatch<T> out;
  ScaledMatrix<T> found;

  out.Resize(shape.samples, shape.fan_out);
  ForAllBlocks<T>(&w, kWeightBlock, [&](const WeightBlock<T>& block) {
    Multiply(block, px, 0, px.panels(), &out);
  });
  Unpack(out, &found);
  for (size_t i = 0; i < shape.samples; ++i) {
    for (size_t j = 0; j < shape.fan_out; ++j) {
      double sum = 0, magnitude = 0;
      for (size_t k = 0; k < shape.fan_in; ++k) {
        const double term = double{x.mantissa(i, k)} * u.mantissa(k, j);
        sum += term;
        magnitude += std::abs(term);
      }
      ASSERT_THAT(double{found.mantissa(i, j)},
                  IsNear(sum, Bound<T>(shape.fan_in, magnitude)))
          << "x W at " << i << ", " << j;
    }
  }

  out.Resize(shape.samples, shape.fan_in);
  ForAllBlocks<T>(&w, kWeightBlock, [&](const WeightBlock<T>& block) {
    MultiplyTransposed(block, pd, 0, pd.panels(), &out);
  });
  Unpack(out, &found);
  for (size_t i = 0; i < shape.samples; ++i) {
    for (size_t j = 0; j < shape.fan_in; ++j) {
      double sum = 0, magnitude = 0;
      for (size_t k = 0; k < shape.fan_out; ++k) {
        const double term = double{d.mantissa(i, k)} * u.mantissa(j, k);
        sum += term;
        magnitude += std::abs(term);
      }
      ASSERT_THAT(double{found.mantissa(i, j)},
                  IsNear(sum, Bound<T>(shape.fan_out, magnitude)))
          << "d W^T at " << i << ", " << j;
    }
  }
}

template <typename T>
void CheckSampleProducts(const Shape& shape) {
  SCOPED_TRACE(std::to_string(shape.samples) + " samples, " +
               std::to_string(shape.fan_in) + ", " +
               std::to_string(shape.fan_out));
  const ScaledMatrix<T> x = Draw<T>(shape.samples, shape.fan_in, 3);
  const ScaledMatrix<T> d = Draw<T>(shape.samples, shape.fan_out, 4);
  const PackedBatch<T> px = Packed(x), pd = Packed(d);

  Matrix<T> gradient(shape.fan_in, shape.fan_out);
  TransposedMultiply<T>(px, 0, pd, 0, gradient.view());
  for (size_t i = 0; i < shape.fan_in; ++i) {
    for (size_t j = 0; j < shape.fan_out; ++j) {
      double sum = 0, magnitude = 0;
      for (size_t s = 0; s < shape.samples; ++s) {
        const double term = double{x.mantissa(s, i)} * d.mantissa(s, j);
        sum += term;
        magnitude += std::abs(term);
      }
      ASSERT_THAT(double{gradient(i, j)},
                  IsNear(sum, Bound<T>(shape.samples, magnitude)))
          << "x^T d at " << i << ", " << j;
    }
  }
  // A part of it is the same to the bit.
  if (shape.fan_in > 3 && shape.fan_out > 5) {
    Matrix<T> part(shape.fan_in - 3, shape.fan_out - 5);
    TransposedMultiply<T>(px, 2, pd, 5, part.view());
    for (size_t i = 0; i < part.rows(); ++i) {
      for (size_t j = 0; j < part.cols(); ++j) {
        ASSERT_EQ(part(i, j), gradient(i + 2, j + 5));
      }
    }
  }

  std::vector<double> gram(px.width() * px.width());
  for (size_t p = 0; p < px.panels(); ++p) {
    for (size_t q = p; q < px.panels(); ++q) {
      GramTile(px, p, px, q, gram.data());
      for (size_t i = 0; i < px.PanelSamples(p); ++i) {
        for (size_t k = 0; k < px.PanelSamples(q); ++k) {
          const T* a = x.mantissa.row(p * px.width() + i);
          const T* b = x.mantissa.row(q * px.width() + k);
          double sum = 0, magnitude = 0;
          for (size_t j = 0; j < shape.fan_in; ++j) {
            sum += double{a[j]} * b[j];
            magnitude += std::abs(double{a[j]} * b[j]);
          }
          ASSERT_THAT(gram[i * px.width() + k],
                      IsNear(sum, Bound<T>(shape.fan_in, magnitude)))
              << "gram of panels " << p << ", " << q << " at " << i << ", "
              << k;
        }
      }
    }
  }
}

TEST(PackedProduct, AgreesWithPlainLoopsOnEveryTarget) {
  for (const std::string& target : KernelTargets()) {
    SCOPED_TRACE(target);
    const ForcedKernelTarget forced(target);
    for (const Shape& shape : Shapes()) {
      CheckProducts<float>(shape);
      CheckProducts<double>(shape);
      CheckSampleProducts<float>(shape);
      CheckSampleProducts<double>(shape);
    }
  }
}

// How the work is cut must not show: narrow pieces, and panels one by one.
TEST(PackedProduct, PiecesAreTheSameToTheBit) {
  const ScaledMatrix<float> x = Draw<float>(70, 400, 0);
  const ScaledMatrix<float> u = Draw<float>(400, 300, 2);
  PackedWeights<float> w;
  PackAll(u.mantissa, &w);
  const PackedBatch<float> px = Packed(x);
  PackedBatch<float> whole, pieces;
  whole.Resize(70, 300);
  pieces.Resize(70, 300);
  ForAllBlocks<float>(&w, kWeightBlock, [&](const WeightBlock<float>& block) {
    Multiply(block, px, 0, px.panels(), &whole);
  });
  ForAllBlocks<float>(&w, 2 * kUnitStep, [&](const WeightBlock<float>& block) {
    for (size_t p = px.panels(); p-- > 0;) {
      Multiply(block, px, p, p + 1, &pieces);
    }
  });
  for (size_t p = 0; p < whole.panels(); ++p) {
    for (size_t k = 0; k < 300 * whole.width(); ++k) {
      ASSERT_EQ(whole.panel(p)[k], pieces.panel(p)[k]);
    }
  }
}

TEST(PackedBatch, PacksAndUnpacks) {
  for (const std::string& target : KernelTargets()) {
    const ForcedKernelTarget forced(target);
    for (size_t samples : kSizes) {
      ScaledMatrix<float> m = Draw<float>(samples, 29, 0), back;
      m.exponent[samples / 2] = 77;
      const PackedBatch<float> packed = Packed(m);
      EXPECT_EQ(packed.padded_units(), 36u);
      Unpack(packed, &back);
      ASSERT_EQ(back.exponent, m.exponent);
      for (size_t i = 0; i < m.mantissa.size(); ++i) {
        ASSERT_EQ(back.mantissa.data()[i], m.mantissa.data()[i]);
      }
    }
  }
}

}  // namespace
}  // namespace initscope

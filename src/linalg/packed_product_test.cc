// Every packed product against plain loops in double, over sizes around the
// vectors, tiles and blocks, on every kernel target of this machine.

#include "linalg/packed_product.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/targets_test.h"
#include "linalg/batches_test.h"
#include "linalg/plain_products_test.h"

namespace initscope {
namespace packed_product_test {

template <typename T>
class PackedProductOf : public testing::Test {};
using Types = testing::Types<float, double>;
TYPED_TEST_SUITE(PackedProductOf, Types);

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

template <typename T>
void ExpectWeightProducts(const Shape& shape) {
  SCOPED_TRACE(ToText(shape));
  const auto x = DrawNormal<T>(shape.samples, shape.fan_in, 0);
  const auto d = DrawNormal<T>(shape.samples, shape.fan_out, 1);
  const Matrix<T> u = DrawNormal<T>(shape.fan_in, shape.fan_out, 2).mantissa;
  OnEveryTarget([&] {
    PackedWeights<T> w;
    PackAll(u, &w);
    const PackedBatch<T> px = Packed(x), pd = Packed(d);
    PackedBatch<T> forward, backward;
    forward.Resize(shape.samples, shape.fan_out);
    backward.Resize(shape.samples, shape.fan_in);
    ForAllBlocks<T>(&w, kWeightBlock, [&](const WeightBlock<T>& block) {
      Multiply(block, px, 0, px.panels(), &forward);
      MultiplyTransposed(block, pd, 0, pd.panels(), &backward);
    });
    for (size_t i : Sampled(shape.samples)) {
      const size_t p = i / px.width(), lane = i % px.width();
      for (size_t j : Sampled(shape.fan_out)) {
        SCOPED_TRACE("x W at " + std::to_string(i) + ", " + std::to_string(j));
        ExpectDot<T>(
            forward.unit(p, j)[lane], shape.fan_in,
            [&](size_t k) { return x.mantissa(i, k); },
            [&](size_t k) { return u(k, j); });
      }
      for (size_t j : Sampled(shape.fan_in)) {
        SCOPED_TRACE("d Wt at " + std::to_string(i) + ", " + std::to_string(j));
        ExpectDot<T>(
            backward.unit(p, j)[lane], shape.fan_out,
            [&](size_t k) { return d.mantissa(i, k); },
            [&](size_t k) { return u(j, k); });
      }
      if (testing::Test::HasFailure()) return;
    }
  });
}

TYPED_TEST(PackedProductOf, WeightsAgreesWithPlainLoops) {
  for (const Shape& shape : Shapes()) ExpectWeightProducts<TypeParam>(shape);
}

template <typename T>
void ExpectGrams(const Shape& shape) {
  SCOPED_TRACE(ToText(shape));
  const auto x = DrawNormal<T>(shape.samples, shape.fan_in, 5);
  OnEveryTarget([&] {
    const PackedBatch<T> px = Packed(x);
    const size_t width = px.width();
    std::vector<double> grams(px.panels() * width * width);
    for (size_t p : Sampled(px.panels())) {
      GramTiles(px, p, px, 0, px.panels(), grams.data());
      for (size_t q : {p, px.panels() - 1, (p + 1) % px.panels()}) {
        const double* const gram = grams.data() + q * width * width;
        for (size_t i = 0; i < px.PanelSamples(p); ++i) {
          for (size_t k = i % 5; k < px.PanelSamples(q); k += 5) {
            SCOPED_TRACE("panels " + std::to_string(p) + ", " +
                         std::to_string(q) + " at " + std::to_string(i) + ", " +
                         std::to_string(k));
            const T* a = x.mantissa.row(p * width + i);
            const T* b = x.mantissa.row(q * width + k);
            ExpectDot<T>(
                gram[i * width + k], shape.fan_in,
                [&](size_t j) { return a[j]; }, [&](size_t j) { return b[j]; });
          }
        }
        if (testing::Test::HasFailure()) return;
      }
    }
  });
}

TYPED_TEST(PackedProductOf, GramTilesAgreeWithPlainLoops) {
  for (size_t n : kTestSizes) {
    ExpectGrams<TypeParam>({n, 31, 1});
    ExpectGrams<TypeParam>({33, n, 1});
  }
}

// How the work is cut must not show: narrow pieces, and panels one by one.
TEST(PackedProduct, PiecesAreTheSameToTheBit) {
  const ScaledMatrix<float> x = DrawNormal<float>(70, 400, 0);
  const ScaledMatrix<float> u = DrawNormal<float>(400, 300, 2);
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
  OnEveryTarget([] {
    for (size_t samples : kTestSizes) {
      ScaledMatrix<float> m = DrawNormal<float>(samples, 29, 0), back;
      m.exponent[samples / 2] = 77;
      const PackedBatch<float> packed = Packed(m);
      EXPECT_EQ(packed.padded_units(), 36u);
      Unpack(packed, &back);
      ASSERT_EQ(back.exponent, m.exponent);
      for (size_t i = 0; i < m.mantissa.size(); ++i) {
        ASSERT_EQ(back.mantissa.data()[i], m.mantissa.data()[i]);
      }
    }
  });
}

}  // namespace packed_product_test
}  // namespace initscope

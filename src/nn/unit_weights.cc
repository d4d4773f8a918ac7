#include "nn/unit_weights.h"

#include <algorithm>
#include <array>

#include "linalg/packed_product.h"
#include "random/orthogonal.h"

namespace initscope {
namespace {

// Rows drawn at a time: few enough to stay in L1 until they are packed.
constexpr size_t kDrawRows = 8;

// Sets every unit of `out` to the sum of the sample's units of `in`.
template <typename T>
void BroadcastSums(const PackedBatch<T>& in, PackedBatch<T>* out) {
  const size_t width = in.width();
  for (size_t p = 0; p < in.panels(); ++p) {
    std::array<double, kMaxPanelWidth> sum = {};
    for (size_t j = 0; j < in.units(); ++j) {
      const T* x = in.unit(p, j);
      for (size_t i = 0; i < width; ++i) sum[i] += x[i];
    }
    for (size_t j = 0; j < out->units(); ++j) {
      T* y = out->unit(p, j);
      for (size_t i = 0; i < width; ++i) y[i] = static_cast<T>(sum[i]);
    }
  }
}

VariateLaw LawOf(UnitLaw law) {
  switch (law) {
    case UnitLaw::kNormal:
      return VariateLaw::kNormal;
    case UnitLaw::kUniform:
      return VariateLaw::kUniform;
    case UnitLaw::kTruncatedNormal:
      return VariateLaw::kTruncatedNormal;
    default:
      INITSCOPE_CHECK(false && "not a law of independent entries");
  }
}

}  // namespace

template <typename T>
void DrawUnit(UnitLaw law, const VariateSource& source, StopFlag stop,
              MatrixView<T> out) {
  if (!HasMatrix(law)) {
    std::fill_n(out.data(), out.size(), T(law == UnitLaw::kConstant));
  } else if (law == UnitLaw::kOrthogonal) {
    FillOrthogonal(source, out, stop);
  } else {
    FillVariates(LawOf(law), source, 0, 0, out);
  }
}

template <typename T>
UnitWeights<T>::UnitWeights(UnitLaw law, uint64_t seed, size_t layer,
                            size_t fan_in, size_t fan_out, bool keep)
    : law_(law),
      source_{seed, Stream::kWeights, static_cast<uint32_t>(layer)},
      fan_in_(fan_in),
      fan_out_(fan_out),
      keep_(keep) {}

template <typename T>
void UnitWeights<T>::Draw(const WeightBlock<T>& block, Moments* moments) const {
  Matrix<T> rows;
  PowerSums sums;
  for (size_t i = 0; i < block.rows; i += kDrawRows) {
    rows.Resize(std::min(kDrawRows, block.rows - i), block.columns);
    const size_t row = block.row + i;
    if (law_ == UnitLaw::kOrthogonal) {
      for (size_t r = 0; r < rows.rows(); ++r) {
        std::copy_n(dense_.row(row + r) + block.column, block.columns,
                    rows.row(r));
      }
    } else {
      FillVariates(LawOf(law_), source_, static_cast<uint32_t>(row),
                   static_cast<uint32_t>(block.column), rows.view());
    }
    if (moments != nullptr) {
      const PowerSums part = ComputePowerSums(rows.data(), rows.size());
      sums.first += part.first;
      sums.second += part.second;
    }
    PackRows<T>(rows.view(), i, block);
  }
  if (moments == nullptr) return;
  // Nothing cancels, because entries have mean 0.
  RowMoments row;
  row.count = block.rows * block.columns;
  row.mean = sums.first / static_cast<double>(row.count);
  row.m2 = std::max(0.0, sums.second - row.mean * sums.first);
  row.abs_sum = sums.second;  // only whether it is zero matters
  moments->Add(row, 0);
}

template <typename T>
WeightBlock<T> UnitWeights<T>::DrawBlock(size_t i, size_t j, Moments* moments,
                                         Matrix<T>* buffer) const {
  buffer->Resize(kWeightBlock, kWeightBlock);
  const size_t row = i * kWeightBlock, column = j * kWeightBlock;
  const WeightBlock<T> block = {buffer->data(),
                                row,
                                std::min(kWeightBlock, fan_in_ - row),
                                column,
                                std::min(kWeightBlock, fan_out_ - column),
                                kWeightBlock * StripWidth()};
  Draw(block, moments);
  return block;
}

template <typename T>
void UnitWeights<T>::Begin(Jobs jobs) {
  if (packed_.rows() > 0) return;
  if (law_ == UnitLaw::kOrthogonal) dense_ = Entries(jobs.stop);
  if (!keep_) return;
  packed_.Resize(fan_in_, fan_out_);
  const size_t rows = Steps(fan_in_, kWeightBlock);
  const size_t columns = Steps(fan_out_, kWeightBlock);
  std::vector<Moments> parts(rows * columns);
  ParallelFor(parts.size(), jobs, [&](size_t b) {
    const size_t column = b / rows * kWeightBlock;
    Draw(packed_.Block(b % rows, column,
                       std::min(kWeightBlock, fan_out_ - column)),
         &parts[b]);
  });
  for (const Moments& part : parts) moments_.Merge(part);
  dense_ = {};
}

template <typename T>
void UnitWeights<T>::Forward(std::span<const ProductJob<T>> products,
                             Jobs jobs) {
  if (!HasMatrix(law_)) {
    SetMomentsOfConstant();
    for (const ProductJob<T>& o : products) Broadcast(*o.in, o.out);
    return;
  }
  Begin(jobs);
  if (keep_) return MultiplyAll(&packed_, products, jobs);
  const bool measure = moments_.count() == 0;
  std::vector<Moments> parts(Steps(fan_out_, kWeightBlock));
  ParallelFor(parts.size(), jobs, [&](size_t j) {
    Matrix<T> buffer;
    for (size_t i = 0; i < Steps(fan_in_, kWeightBlock); ++i) {
      const WeightBlock<T> block =
          DrawBlock(i, j, measure ? &parts[j] : nullptr, &buffer);
      for (const ProductJob<T>& o : products) {
        Multiply(block, *o.in, 0, o.in->panels(), o.out);
      }
    }
  });
  for (const Moments& part : parts) moments_.Merge(part);
  dense_ = {};
}

template <typename T>
void UnitWeights<T>::Backward(std::span<const ProductJob<T>> products,
                              Jobs jobs) {
  if (!HasMatrix(law_)) {
    for (const ProductJob<T>& o : products) Broadcast(*o.in, o.out);
    return;
  }
  Begin(jobs);
  if (keep_) return MultiplyTransposedAll(&packed_, products, jobs);
  ParallelFor(Steps(fan_in_, kWeightBlock), jobs, [&](size_t i) {
    Matrix<T> buffer;
    for (size_t j = 0; j < Steps(fan_out_, kWeightBlock); ++j) {
      const WeightBlock<T> block = DrawBlock(i, j, nullptr, &buffer);
      for (const ProductJob<T>& o : products) {
        MultiplyTransposed(block, *o.in, 0, o.in->panels(), o.out);
      }
    }
  });
  dense_ = {};
}

template <typename T>
void UnitWeights<T>::SetMomentsOfConstant() {
  if (moments_.count() > 0) return;
  RowMoments row;
  row.count = fan_in_ * fan_out_;
  row.mean = row.min = row.max = law_ == UnitLaw::kZero ? 0 : 1;
  row.abs_sum = row.mean * static_cast<double>(row.count);
  moments_.Add(row, 0);
}

template <typename T>
void UnitWeights<T>::Broadcast(const PackedBatch<T>& in,
                               PackedBatch<T>* out) const {
  if (law_ == UnitLaw::kConstant) return BroadcastSums(in, out);
  for (size_t p = 0; p < out->panels(); ++p) {
    std::fill(out->panel(p), out->unit(p, out->units()), T{0});
  }
}

template <typename T>
Matrix<T> UnitWeights<T>::Entries(StopFlag stop) const {
  Matrix<T> out(fan_in_, fan_out_);
  DrawUnit(law_, source_, stop, out.view());
  return out;
}

template void DrawUnit(UnitLaw, const VariateSource&, StopFlag,
                       MatrixView<double>);
template class UnitWeights<float>;
template class UnitWeights<double>;

}  // namespace initscope

// Dense row-major matrices: an owner and two views.
//
// A row is a sample (activations) or a fan-in index (weights). Storage is
// aligned to 64 bytes; rows follow one another without padding.
#pragma once

#include <cstddef>
#include <memory>

#include "base/error.h"
#include "base/memory.h"

namespace initscope {

// A matrix whose entries another object owns. T may be const.
template <typename T>
class MatrixView {
 public:
  MatrixView() = default;
  MatrixView(T* data, size_t rows, size_t cols)
      : data_(data), rows_(rows), cols_(cols) {}
  // Also as a view of constant entries.
  // NOLINTNEXTLINE(google-explicit-constructor)
  operator MatrixView<const T>() const { return {data_, rows_, cols_}; }

  T* data() const { return data_; }
  size_t rows() const { return rows_; }
  size_t cols() const { return cols_; }
  size_t size() const { return rows_ * cols_; }
  T* row(size_t i) const { return data_ + i * cols_; }
  T& operator()(size_t i, size_t j) const { return data_[i * cols_ + j]; }

 private:
  T* data_ = nullptr;
  size_t rows_ = 0;
  size_t cols_ = 0;
};

template <typename T>
using ConstMatrixView = MatrixView<const T>;

// Owns its entries. Movable, not copyable. New entries are uninitialized.
template <typename T>
class Matrix {
 public:
  Matrix() = default;
  Matrix(size_t rows, size_t cols) { Resize(rows, cols); }

  // Changes the shape; the entries are lost. Keeps the storage if it is large
  // enough.
  void Resize(size_t rows, size_t cols) {
    const size_t size = rows * cols;
    if (size > capacity_) {
      data_.reset();
      rows_ = cols_ = capacity_ = 0;
      data_.reset(static_cast<T*>(AllocateTensor(size * sizeof(T))));
      capacity_ = size;
    }
    rows_ = rows;
    cols_ = cols;
  }

  T* data() { return data_.get(); }
  const T* data() const { return data_.get(); }
  size_t rows() const { return rows_; }
  size_t cols() const { return cols_; }
  size_t size() const { return rows_ * cols_; }
  T* row(size_t i) { return data_.get() + i * cols_; }
  const T* row(size_t i) const { return data_.get() + i * cols_; }
  T& operator()(size_t i, size_t j) { return data_.get()[i * cols_ + j]; }
  T operator()(size_t i, size_t j) const { return data_.get()[i * cols_ + j]; }

  MatrixView<T> view() { return {data_.get(), rows_, cols_}; }
  ConstMatrixView<T> view() const { return {data_.get(), rows_, cols_}; }

 private:
  struct Free {
    void operator()(T* entries) const { FreeTensor(entries); }
  };
  std::unique_ptr<T[], Free> data_;
  size_t rows_ = 0;
  size_t cols_ = 0;
  size_t capacity_ = 0;
};

}  // namespace initscope

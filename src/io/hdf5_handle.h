// Ownership of HDF5 identifiers.
#pragma once

#include <hdf5.h>

#include <string>
#include <utility>

#include "io/hdf5_error.h"

namespace initscope {

// Why a handle that was written through did not close: closing flushes, so a
// full disk may show only there.
struct Hdf5CloseFailure {
  std::string reason;  // the first one; "" while every close worked
};

// Closes its identifier with the function it was opened for. A negative
// identifier is a failed call: test with ok().
class Hdf5Handle {
 public:
  using Close = herr_t (*)(hid_t);

  Hdf5Handle() = default;
  // What is closed with a `failure` leaves its reason there, which outlives it.
  Hdf5Handle(hid_t id, Close close, Hdf5CloseFailure* failure = nullptr)
      : id_(id), close_(close), failure_(failure) {}
  Hdf5Handle(Hdf5Handle&& other) noexcept
      : id_(std::exchange(other.id_, -1)),
        close_(other.close_),
        failure_(other.failure_) {}
  Hdf5Handle& operator=(Hdf5Handle&& other) noexcept {
    std::swap(id_, other.id_);
    std::swap(close_, other.close_);
    std::swap(failure_, other.failure_);
    return *this;
  }
  ~Hdf5Handle() { CloseNow(); }

  bool ok() const { return id_ >= 0; }
  operator hid_t() const { return id_; }  // NOLINT(google-explicit-constructor)
  void CloseNow() {
    if (!ok() || close_(std::exchange(id_, -1)) >= 0) return;
    if (failure_ != nullptr && failure_->reason.empty()) {
      failure_->reason = Hdf5Reason();
    }
  }

 private:
  hid_t id_ = -1;
  Close close_ = nullptr;
  Hdf5CloseFailure* failure_ = nullptr;
};

// Silences HDF5's own error stack on stderr for a scope.
class Hdf5Silence {
 public:
  Hdf5Silence() {
    // Before the library starts: a file that a full disk kept from closing
    // crashes its clean-up at exit. Every handle has an owner, so none is due.
    H5dont_atexit();
    H5Eget_auto2(H5E_DEFAULT, &function_, &data_);
    H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
  }
  ~Hdf5Silence() { H5Eset_auto2(H5E_DEFAULT, function_, data_); }
  Hdf5Silence(const Hdf5Silence&) = delete;
  Hdf5Silence& operator=(const Hdf5Silence&) = delete;

 private:
  H5E_auto2_t function_ = nullptr;
  void* data_ = nullptr;
};

}  // namespace initscope

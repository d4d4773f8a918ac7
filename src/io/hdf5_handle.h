// Ownership of HDF5 identifiers.
#pragma once

#include <hdf5.h>

#include <utility>

namespace initscope {

// Closes its identifier with the function it was opened for. A negative
// identifier is a failed call: test with ok().
class Hdf5Handle {
 public:
  using Close = herr_t (*)(hid_t);

  Hdf5Handle() = default;
  Hdf5Handle(hid_t id, Close close) : id_(id), close_(close) {}
  Hdf5Handle(Hdf5Handle&& other) noexcept
      : id_(std::exchange(other.id_, -1)), close_(other.close_) {}
  Hdf5Handle& operator=(Hdf5Handle&& other) noexcept {
    std::swap(id_, other.id_);
    std::swap(close_, other.close_);
    return *this;
  }
  ~Hdf5Handle() {
    if (ok()) close_(id_);
  }

  bool ok() const { return id_ >= 0; }
  operator hid_t() const { return id_; }
  // Closes now and says whether that worked (a file may fail to flush).
  bool CloseNow() { return close_(std::exchange(id_, -1)) >= 0; }

 private:
  hid_t id_ = -1;
  Close close_ = nullptr;
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

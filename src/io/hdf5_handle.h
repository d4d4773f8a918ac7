// HDF5 identifiers with an owner, and what else every user of the library
// needs.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// Types of HDF5, as HDF5 declares them (anything else would not compile), so
// that what includes this header does without HDF5's.
using hid_t = int64_t;
using herr_t = int;
using hsize_t = unsigned long long;

namespace initscope {

// The innermost reason on the calling thread's error stack; the system's own if
// there is one ("No space left on device"), "unknown reason" if the stack is
// empty. Call it directly after the call that failed: the next call clears the
// stack.
std::string Hdf5Reason();
// Whether the system refused what the call that failed asked for; likewise.
bool Hdf5FailedInSystem();

// The type of values in a file, as NumPy writes it: "<f8", "<f4", "<i8", "<u8"
// or "|u1"; "text" for strings of any kind, "other" for all other types.
std::string_view StoredType(hid_t type);

// The texts of an attribute or dataset, which `read` (H5Aread() or H5Dread())
// fills into its argument. `type` is a string type, of variable or fixed
// length; a missing text is "". Nothing if they cannot be read.
std::optional<std::vector<std::string>> ReadTexts(
    hid_t type, hid_t space, const std::function<herr_t(void*)>& read);

// The reason why a handle that was written through did not close. Closing
// flushes, so that a full disk may show only then.
struct Hdf5CloseFailure {
  std::string reason;  // the first one; "" while every close has worked
};

// Closes its identifier with the function it was opened for. A negative
// identifier means that the call failed: test with ok().
class Hdf5Handle {
 public:
  using Close = herr_t (*)(hid_t);

  Hdf5Handle() = default;
  // A failure to close leaves its reason in `failure`, which outlives the
  // handle.
  Hdf5Handle(hid_t id, Close close, Hdf5CloseFailure* failure = nullptr)
      : id_(id), close_(close), failure_(failure) {}
  Hdf5Handle(Hdf5Handle&& other) noexcept { *this = std::move(other); }
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

// Access properties without file locks, which some file systems lack. Files
// that are only read need none; other programs may have them open.
Hdf5Handle UnlockedAccess();

// Properties of reading and writing a dataset: its values are converted in
// small pieces. By default HDF5 clears a megabyte for each dataset of texts.
hid_t InSmallPieces();

// Keeps HDF5 from printing its error stack to stderr, for a scope.
class Hdf5Silence {
 public:
  Hdf5Silence();
  ~Hdf5Silence();
  Hdf5Silence(const Hdf5Silence&) = delete;
  Hdf5Silence& operator=(const Hdf5Silence&) = delete;

 private:
  herr_t (*function_)(hid_t stack, void* data) = nullptr;
  void* data_ = nullptr;
};

}  // namespace initscope

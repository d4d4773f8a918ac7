#include "base/memory.h"

#include <malloc.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <mutex>
#include <new>

#include "base/error.h"

namespace initscope {
namespace {

// Smaller blocks are malloc()'s, which has them at hand for each thread.
constexpr size_t kLarge = size_t{4} << 10;
constexpr size_t kHugePage = size_t{2} << 20;
// Lies between blocks. Tensors whose sizes are powers of two would otherwise
// begin in the same set of the cache.
constexpr size_t kGap = 3 * kTensorAlignment;

size_t RoundUpTo(size_t n, size_t step) { return (n + step - 1) / step * step; }

// Whether a limit is set that counts address space as if it were memory.
bool AddressesAreLimited() {
  for (const auto resource : {RLIMIT_AS, RLIMIT_DATA}) {
    rlimit limit = {};
    if (getrlimit(resource, &limit) != 0 || limit.rlim_cur != RLIM_INFINITY) {
      return true;
    }
  }
  return false;
}

class Region {
 public:
  Region() {
    if (AddressesAreLimited()) return;
    const long pages = sysconf(_SC_PHYS_PAGES);
    const long page = sysconf(_SC_PAGESIZE);
    if (pages <= 0 || page <= 0) return;
    const size_t size = RoundUpTo(
        static_cast<size_t>(pages) * static_cast<size_t>(page), kHugePage);
    void* const space =
        mmap(nullptr, size + kHugePage, PROT_READ | PROT_WRITE,
             MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (space == MAP_FAILED) return;
    // Without huge pages it is slower, no more.
    static_cast<void>(madvise(space, size + kHugePage, MADV_HUGEPAGE));
    base_ = touched_ = RoundUpTo(reinterpret_cast<uintptr_t>(space), kHugePage);
    end_ = base_ + size;
    free_[base_] = size;
  }

  // A block, or nullptr if there is no room for it.
  void* Take(size_t bytes) {
    const size_t size = RoundUpTo(bytes, kTensorAlignment) + kGap;
    const std::lock_guard lock(mutex_);
    const auto found = std::ranges::find_if(
        free_, [&](const auto& range) { return range.second >= size; });
    if (found == free_.end()) return nullptr;
    const auto [at, room] = *found;
    free_.erase(found);
    if (room > size) free_[at + size] = room - size;
    used_[at] = size;
    used_bytes_ += size;
    touched_ = std::max(touched_, at + size);
    return reinterpret_cast<void*>(at);  // NOLINT(performance-no-int-to-ptr)
  }

  bool Has(const void* block) const {
    const auto at = reinterpret_cast<uintptr_t>(block);
    return base_ <= at && at < end_;
  }

  // REQUIRES: Take() gave it.
  void Give(void* block) {
    const std::lock_guard lock(mutex_);
    const auto found = used_.find(reinterpret_cast<uintptr_t>(block));
    INITSCOPE_CHECK(found != used_.end());
    auto [at, size] = *found;
    used_.erase(found);
    used_bytes_ -= size;
    // Joins it with the free ranges on both sides.
    auto next = free_.lower_bound(at);
    if (next != free_.end() && next->first == at + size) {
      size += next->second;
      next = free_.erase(next);
    }
    if (next != free_.begin()) {
      const auto previous = std::prev(next);
      if (previous->first + previous->second == at) {
        previous->second += size;
        return;
      }
    }
    free_[at] = size;
  }

  size_t Kept() {
    const std::lock_guard lock(mutex_);
    return RoundUpTo(touched_ - base_, kHugePage) - used_bytes_;
  }

  void ReturnFree() {
    const std::lock_guard lock(mutex_);
    const uintptr_t end =
        used_.empty() ? base_ : used_.rbegin()->first + used_.rbegin()->second;
    const uintptr_t from = RoundUpTo(end, kHugePage);
    if (from < touched_) {
      INITSCOPE_CHECK(
          // NOLINTNEXTLINE(performance-no-int-to-ptr)
          madvise(reinterpret_cast<void*>(from),
                  RoundUpTo(touched_ - from, kHugePage), MADV_DONTNEED) == 0);
    }
    touched_ = end;
  }

 private:
  std::mutex mutex_;
  std::map<uintptr_t, size_t> free_, used_;  // ranges: begin and size
  uintptr_t base_ = 0, end_ = 0;
  uintptr_t touched_ = 0;  // the end of what the system has given
  size_t used_bytes_ = 0;
};

// Never destroyed: static objects may have tensors.
Region& TheRegion() {
  static Region& region = *new Region;
  return region;
}

// A block of malloc() with its address in front of the entries. glibc does not
// put a block of aligned_alloc() where one like it was freed.
void* AllocateSmall(size_t bytes) {
  const auto block = reinterpret_cast<uintptr_t>(
      std::malloc(bytes + sizeof(void*) + kTensorAlignment));
  if (block == 0) return nullptr;
  const uintptr_t entries = RoundUpTo(block + sizeof(void*), kTensorAlignment);
  // NOLINTBEGIN(performance-no-int-to-ptr)
  reinterpret_cast<uintptr_t*>(entries)[-1] = block;
  return reinterpret_cast<void*>(entries);
  // NOLINTEND(performance-no-int-to-ptr)
}

}  // namespace

#ifdef __SANITIZE_ADDRESS__  // sees what is read behind an exact block

void* AllocateTensor(size_t bytes) {
  void* entries = nullptr;
  if (posix_memalign(&entries, kTensorAlignment, bytes) != 0) {
    throw std::bad_alloc();
  }
  return entries;
}

void FreeTensor(void* entries) { std::free(entries); }

#else

void* AllocateTensor(size_t bytes) {
  void* entries = bytes >= kLarge ? TheRegion().Take(bytes) : nullptr;
  if (entries == nullptr) entries = AllocateSmall(bytes);
  if (entries == nullptr) throw std::bad_alloc();
  return entries;
}

void FreeTensor(void* entries) {
  if (entries == nullptr) return;
  if (TheRegion().Has(entries)) return TheRegion().Give(entries);
  std::free(static_cast<void**>(entries)[-1]);
}

#endif

namespace {

// The heap grows by this much at once, all of which can then be huge pages;
// what is not touched costs nothing. Beyond it, pages are small.
void ExtendHeap() {
  if (AddressesAreLimited()) return;
  constexpr int kHeap = 512 << 20;
  const auto begin = reinterpret_cast<uintptr_t>(sbrk(0));
  mallopt(M_TOP_PAD, kHeap);
  void* volatile more = std::malloc(1 << 20);  // than the heap has
  std::free(more);
  mallopt(M_TOP_PAD, 128 << 10);  // as it was
  const auto end = reinterpret_cast<uintptr_t>(sbrk(0));
  const uintptr_t from = RoundUpTo(begin, kHugePage);
  if (from < end) {
    // NOLINTNEXTLINE(performance-no-int-to-ptr)
    static_cast<void>(
        madvise(reinterpret_cast<void*>(from), end - from, MADV_HUGEPAGE));
  }
}

}  // namespace

void PrepareHeap() {
  mallopt(M_MMAP_THRESHOLD, 32 << 20);  // the most that glibc allows
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
  ExtendHeap();
}

void ReturnFreeTensors() { TheRegion().ReturnFree(); }

void ReturnFreeMemory() {
  ReturnFreeTensors();
  malloc_trim(0);
  ExtendHeap();
}

size_t FreeTensorMemory() { return TheRegion().Kept(); }

}  // namespace initscope

// Memory for the entries of matrices, aligned to 64 bytes.
//
// New memory is dear: the system maps and clears it page by page, which can
// take longer than the arithmetic on it. So large blocks come from one region
// of address space that asks for huge pages, and that keeps what is freed for
// the next block. Blocks lie as low in it as they fit, so that what was never
// needed at the same time shares its memory.
#pragma once

#include <cstddef>

namespace initscope {

inline constexpr size_t kTensorAlignment = 64;

// Throws std::bad_alloc. The memory is uninitialized.
void* AllocateTensor(size_t bytes);
void FreeTensor(void* entries);

// The bytes that the region keeps, because blocks in it have been freed.
size_t FreeTensorMemory();

// Gives back to the system what lies above the last block in use.
void ReturnFreeTensorMemory();

}  // namespace initscope

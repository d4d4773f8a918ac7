// Memory from huge pages, where the system has them.
//
// New memory is dear: the system maps and clears it page by page, which can
// take longer than the arithmetic on it. So the heap grows in huge pages, and
// large tensors come from a region of address space of their own, which keeps
// what is freed for the next tensor. Tensors lie as low in it as they fit, so
// that those that were never needed at the same time share their memory.
#pragma once

#include <cstddef>

namespace initscope {

inline constexpr size_t kTensorAlignment = 64;

// Memory for the entries of a matrix, uninitialized. Throws std::bad_alloc.
void* AllocateTensor(size_t bytes);
void FreeTensor(void* entries);

// The bytes that the region keeps, because blocks in it have been freed.
size_t FreeTensorMemory();

// Lets the heap grow in huge pages and keep what is freed. For the beginning of
// main().
void PrepareHeap();

// Give back to the system what tensors, and all else, have freed. Of the region
// of tensors it is what lies above the last one in use.
void ReturnFreeTensors();
void ReturnFreeMemory();

}  // namespace initscope

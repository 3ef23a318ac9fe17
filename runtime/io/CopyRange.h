// Bytes from one file to another: by shared blocks, by a copy in the kernel, by a copy by hand.
#pragma once

#include <cstdint>

namespace tenon::io {

// Shares the blocks of [from, from + bytes) of `source` with `target` at `to` (FICLONERANGE). False where the file
// system cannot, or the offsets do not fall on its blocks; `target` then has what it had. Both are open descriptors.
bool reflinkRange(int source, uint64_t from, int target, uint64_t to, uint64_t bytes);

// Copies the same range; holes of `source` stay holes in a fresh `target`. 0, or the errno of what failed; ENODATA
// where `source` ends too early. Call it from one thread.
int copyRange(int source, uint64_t from, int target, uint64_t to, uint64_t bytes);

} // namespace tenon::io

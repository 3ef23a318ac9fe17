// The contexts of zstd's streams. Errors: Resource where there is no memory for one.
#pragma once

#include "runtime/base/Status.h"

#include <memory>
#include <zstd.h>

namespace tenon::cache {

using Compressor = std::unique_ptr<ZSTD_CCtx, size_t (*)(ZSTD_CCtx *)>;
Result<Compressor> makeCompressor(int level);

// Refuses frames that need more than 2^maxWindowLog bytes to be looked back at.
using Decompressor = std::unique_ptr<ZSTD_DCtx, size_t (*)(ZSTD_DCtx *)>;
Result<Decompressor> makeDecompressor(int maxWindowLog);

} // namespace tenon::cache

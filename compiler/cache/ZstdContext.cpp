#include "compiler/cache/ZstdContext.h"

namespace tenon::cache {

static Status noMemory() { return Status(Code::Resource, "there is no memory for zstd"); }

Result<Compressor> makeCompressor(int level) {
  Compressor context(ZSTD_createCCtx(), ZSTD_freeCCtx);
  if (!context || ZSTD_isError(ZSTD_CCtx_setParameter(context.get(), ZSTD_c_compressionLevel, level)))
    return noMemory();
  return context;
}

Result<Decompressor> makeDecompressor(int maxWindowLog) {
  Decompressor context(ZSTD_createDCtx(), ZSTD_freeDCtx);
  if (!context || ZSTD_isError(ZSTD_DCtx_setParameter(context.get(), ZSTD_d_windowLogMax, maxWindowLog)))
    return noMemory();
  return context;
}

} // namespace tenon::cache

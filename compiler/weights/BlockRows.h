// GGUF's quantized blocks: 32 neighbours of a row share one f16 scale d.
//   Q8_0   34 bytes: d, i8 q[32]                                              value d * q
//   Q4_0   18 bytes: d, u8 q[16]: byte j holds element j low, j + 16 high     value d * (q - 8)
// Source: ggml's block_q8_0 and block_q4_0. Both products are exact in f32.
#pragma once

#include "compiler/weights/RowSource.h"

namespace tenon::weights {

enum class BlockFormat : uint8_t { Q8_0, Q4_0 };

inline constexpr uint64_t kBlockColumns = 32;
inline constexpr uint32_t blockBytes(BlockFormat format) { return format == BlockFormat::Q8_0 ? 34 : 18; }

// `blocks` blocks as codes[32 * blocks] and scales[blocks] (f16 bits): value = scale * (code - zero), where codes are
// unsigned and zero is 128 (Q8_0) or 8 (Q4_0).
void splitBlocks(BlockFormat format, const uint8_t *from, uint64_t blocks, uint8_t *codes, uint16_t *scales);
// `blocks` blocks as f32[32 * blocks].
void decodeBlocks(BlockFormat format, const uint8_t *from, uint64_t blocks, float *out);

// Rows of blocks in a file, contiguous from `offset`: read() decodes them, readCodes() gives what is stored, as
// splitBlocks does. columns is a multiple of 32. The file must outlive the source.
std::unique_ptr<RowSource> checkpointBlocks(const io::MappedFile &file, uint64_t offset, uint64_t rows,
                                            uint64_t columns, BlockFormat format);

} // namespace tenon::weights

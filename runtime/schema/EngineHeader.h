// The first 64 bytes of an engine file and of an external weights file. Little-endian.
#pragma once

#include <cstdint>

namespace tenon {

inline constexpr char kEngineMagic[8] = {'T', 'E', 'N', 'O', 'N', '\r', '\n', '\x1a'};
inline constexpr char kWeightsMagic[8] = {'T', 'E', 'N', 'O', 'N', 'W', '\n', '\x1a'};
inline constexpr uint16_t kFormatMajor = 2; // 2: Kernel.args, which every launch is compared with
inline constexpr uint16_t kFormatMinor = 0;
// Of external weights files, which hold one segment and no metadata: engines of several majors may share one.
inline constexpr uint16_t kWeightsMajor = 1;
inline constexpr uint16_t kWeightsMinor = 0;
inline constexpr uint64_t kMaxMetadataBytes = 64ull << 20;
inline constexpr uint64_t kSegmentAlignment = 4096;

// Engine: the metadata follows the header directly. External weights file: metadataBytes is 0, `digest` is that of the
// one segment, which starts at byte 4096.
struct EngineHeader {
  char magic[8];
  uint16_t major;
  uint16_t minor;
  uint32_t flags; // none defined; a reader refuses any it does not know
  uint64_t metadataBytes;
  uint64_t fileBytes;
  uint8_t digest[32]; // of the metadata bytes (Digest.h)
};
static_assert(sizeof(EngineHeader) == 64);

} // namespace tenon

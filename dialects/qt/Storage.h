// The bytes of quantized tensors: one description for the packer, the emitters and the tests. Plain arithmetic, no IR.
//
// Weights, a panel of 16 outputs over all inputs (`columns`):
//   line    64 bytes, 16 outputs x 4 (8 bits) or 8 (4 bits) inputs. 8 bits: byte 4 o + i is the code of input i.
//           4 bits: byte 4 o + i holds the code of input i low and of input i + 4 high.
//   block   the scales of its groups, then their lines. Scales of a group are 16 f16 (32 bytes); with zero points 16
//   f16
//           zero points follow them. Without, a block holds two groups, so that lines lie on 64-byte boundaries.
//   panel   blocks. A scheme without groups: one block of 16 f32 scales and all lines.
// Codes are unsigned: value = scale * (code - zero), zero = 2^(bits - 1) where none is stored. Padding (outputs past
// the last, inputs past the last, a group that fills up a block) has code `zero` and scale 0.
//
// Activations, one row: int8 codes up to a multiple of 64 (zeros), then f32 scales, then i32 sums of the codes of each
// group of weights that will meet them, aligned to 64: sum x * (code - zero) = sum x * code - zero * sum x. Where zero
// is the same for all codes of the weights, the sums are multiplied by -zero already.
#pragma once

#include <cstdint>

namespace tenon::qt {

inline constexpr int64_t kPanelOutputs = 16;
inline constexpr int64_t kLineBytes = 64;

// How a weight scheme stores its numbers.
struct Storage {
  int64_t bits = 8;        // 4 or 8
  int64_t group = 0;       // inputs that share a scale, a multiple of 32; 0: all
  bool zeroPoints = false; // one per group and output

  int64_t maxCode() const { return (int64_t(1) << bits) - 1; }
  int64_t fixedZero() const { return int64_t(1) << (bits - 1); }   // where no zero points are stored
  int64_t rowZero() const { return zeroPoints ? 0 : fixedZero(); } // of RowLayout
};

class PanelLayout {
public:
  PanelLayout(Storage storage, int64_t columns) : storage(storage), columns(columns) {}

  int64_t inputsPerLine() const { return 32 / storage.bits; }
  int64_t groupInputs() const { return storage.group ? storage.group : columns; }
  int64_t groups() const { return ceilDiv(columns, groupInputs()); }
  int64_t linesPerGroup() const { return ceilDiv(groupInputs(), inputsPerLine()); }
  // Lines of `group` that hold any input.
  int64_t usedLines(int64_t group) const {
    int64_t left = columns - group * groupInputs();
    return ceilDiv(left < groupInputs() ? left : groupInputs(), inputsPerLine());
  }
  bool floatScales() const { return storage.group == 0; } // f32, else f16
  int64_t scaleBytes() const { return kPanelOutputs * (floatScales() ? 4 : 2); }

  int64_t groupsPerBlock() const { return storage.group && !storage.zeroPoints ? 2 : 1; }
  int64_t headBytes() const { return kLineBytes; } // of a block: all its scales and zero points
  int64_t blockBytes() const { return headBytes() + groupsPerBlock() * linesPerGroup() * kLineBytes; }
  int64_t blocks() const { return ceilDiv(groups(), groupsPerBlock()); }
  int64_t panelBytes() const { return blocks() * blockBytes(); }

  // Offsets in the panel.
  int64_t scales(int64_t group) const { return blockOf(group) + group % groupsPerBlock() * scaleBytes(); }
  int64_t zeros(int64_t group) const { return blockOf(group) + scaleBytes(); } // only with zero points
  int64_t lines(int64_t group) const {
    return blockOf(group) + headBytes() + group % groupsPerBlock() * linesPerGroup() * kLineBytes;
  }

  const Storage storage;
  const int64_t columns;

private:
  static int64_t ceilDiv(int64_t a, int64_t b) { return (a + b - 1) / b; }
  int64_t blockOf(int64_t group) const { return group / groupsPerBlock() * blockBytes(); }
};

// Groups of activations whose largest magnitude is below have scale 0 and codes 0: the inverse of their scale would
// overflow.
inline constexpr float kSmallestMagnitude = 0x1p-100f;

// One row of int8 activations.
struct RowLayout {
  int64_t columns;
  int64_t group; // inputs that share a scale; 0: all
  int64_t sums;  // inputs of one sum; 0: all
  int64_t zero;  // of the weights: sums are stored times -zero; 0: as they are

  int64_t sumFactor() const { return zero ? -zero : 1; }
  int64_t scaleCount() const { return group ? ceilDiv(columns, group) : 1; }
  int64_t sumCount() const { return sums ? ceilDiv(columns, sums) : 1; }
  int64_t paddedColumns() const { return ceilDiv(columns, 64) * 64; }
  int64_t scales() const { return paddedColumns(); }
  int64_t sumsAt() const { return scales() + scaleCount() * 4; }
  int64_t bytes() const { return ceilDiv(sumsAt() + sumCount() * 4, 64) * 64; }

private:
  static int64_t ceilDiv(int64_t a, int64_t b) { return (a + b - 1) / b; }
};

} // namespace tenon::qt

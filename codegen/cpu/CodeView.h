// How a panel of codes is walked over the depth: in units, the steps of the schedule, each with segments whose products
// are summed in integers before they are scaled. Offsets only; the bytes are qt::PanelLayout's, or those of a staged
// copy with 8-bit codes and wide scales, which the kernel makes for itself where many rows share the work.
#pragma once

#include "dialects/qt/Qt.h"

namespace tenon::codegen::cpu {

class CodeView {
public:
  // `x`: how the activations lie. The caller has checked `canWalk`.
  static CodeView packed(qt::Storage storage, qt::RowLayout x);
  // The same units, unpacked: for each group scales (f32), zero points (i32, if any), then lines of 8-bit codes.
  CodeView staged() const;
  // Whether x has a sum for each segment, times the weights' zero, and whole groups for each other.
  static bool canWalk(qt::Storage storage, qt::RowLayout x);

  // No scale changes along the depth: sums stay integers to the end, and a unit is a line.
  bool isWhole() const { return segment == 0; }
  // Weights are scaled once, at the end, not segment by segment.
  bool scalesAtEnd() const { return storage.group == 0; }

  // Weights have scales of their own in each segment; else several segments share a group's.
  bool scalesEachSegment() const { return segment != 0 && segment == storage.group; }

  int64_t inputsPerLine() const { return 32 / bits; }
  int64_t unitsIn(int64_t depth) const {
    return isWhole() ? (depth + unitInputs - 1) / unitInputs : depth / unitInputs;
  }
  // Inputs of an incomplete last unit.
  int64_t inputsAfterUnits(int64_t depth) const { return isWhole() ? 0 : depth % unitInputs; }

  // Offsets in a unit, of segment `index`.
  int64_t lines(int64_t index) const {
    int64_t first = index * segment, inGroup = storage.group ? first % storage.group : first;
    return group(index) * groupStride + head + inGroup / inputsPerLine() * qt::kLineBytes;
  }
  int64_t firstOfGroup(int64_t index) const { return storage.group ? group(index) * storage.group / segment : 0; }
  int64_t scales(int64_t index) const { return group(index) * scaleStride; }
  int64_t zeros(int64_t index) const { return group(index) * scaleStride + scaleBytes; }

  qt::Storage storage;
  int64_t bits = 8;       // of a code in a line
  bool wideScales = true; // f32 scales, i32 zero points; else f16
  int64_t segment = 0;    // inputs; 0: all
  int64_t unitInputs = 4;
  int64_t unitBytes = qt::kLineBytes;
  int64_t start = 0; // of the first unit in a panel
  bool isStaged = false;

private:
  int64_t group(int64_t index) const { return storage.group ? index * segment / storage.group : 0; }
  int64_t head = 0;        // before the first line of a unit
  int64_t groupStride = 0; // from lines to lines of the next group
  int64_t scaleStride = 0; // from scales to scales
  int64_t scaleBytes = 0;
};

} // namespace tenon::codegen::cpu

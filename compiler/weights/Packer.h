// Streams weights into their packed segment: source rows -> element type -> layout -> file, block by block.
//
// The segment is cut into blocks; each worker takes the next block, makes its bytes and writes them, so the file is
// written by all cores in nearly sequential order while memory stays at two buffers per worker. The bytes and the
// digest depend only on the jobs, never on the number of workers. Quantized weights are quantized on the way
// (Quantizer.h).
#pragma once

#include "compiler/weights/Quantizer.h"
#include "compiler/weights/RowSource.h"
#include "runtime/io/OutputFile.h"

#include <array>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace tenon::weights {

// [ceil(N / n)][ceil(K / k)][n][k], zero padded; n = k = 1 with rowMajor set is [N][K].
struct Layout {
  bool rowMajor = true;
  uint32_t n = 1;
  uint32_t k = 1;
};

struct PackJob {
  std::string name;
  std::unique_ptr<RowSource> source;
  Element stored = Element::F32;
  Layout layout;
  uint64_t offset = 0; // within the segment, ascending from job to job, not overlapping
  uint64_t bytes = 0;  // must equal packedBytes(...), or quantizedBytes(...)
  std::optional<Quantizer> quantizer =
      std::nullopt; // set for a quantized weight, whose `stored` and `layout` say nothing
};

// Bytes of a rows x columns weight in a layout; false on overflow.
[[nodiscard]] bool packedBytes(uint64_t rows, uint64_t columns, Element stored, const Layout &layout, uint64_t &bytes);

// Bytes of a quantized rows x columns weight; false on overflow.
[[nodiscard]] bool quantizedBytes(uint64_t rows, uint64_t columns, const qt::Storage &storage, uint64_t &bytes);

struct PackOptions {
  unsigned workers = 1;
  uint64_t maxMemory = 1ull << 30;                               // buffers of all workers together
  std::function<void(uint64_t done, uint64_t total)> onProgress; // called from workers, serialised
};

struct PackedSegment {
  std::array<uint8_t, 32> digest; // chunk-tree digest of the segment's bytes (runtime/base/Digest.h)
};

// Writes `jobs` into `file` at [base, base + bytes). Gaps between jobs are zeros. Where a source is zero nothing is
// written, so the file must read as zeros there (a fresh file does); in quantized panels those are scales of 0, which
// make zeros of any code. Errors: Constraint when one row panel needs more
// than maxMemory, InvalidFile and Resource from the source and the file.
Result<PackedSegment> packSegment(const std::vector<PackJob> &jobs, uint64_t bytes, io::OutputFile &file, uint64_t base,
                                  const PackOptions &options);

} // namespace tenon::weights

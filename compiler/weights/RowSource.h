// Where the rows of a weight come from. One class per kind of source; the packer knows only this face.
//
// A source has `rows` rows of `columns` elements of one type (a vector is one row). Threads: read() may be called from
// many threads at once. Ownership: a source keeps what it reads from alive only where its comment says so.
#pragma once

#include "compiler/weights/Element.h"
#include "runtime/base/Status.h"
#include "runtime/io/MappedFile.h"

#include <functional>
#include <memory>
#include <string_view>

namespace tenon::weights {

class RowSource {
public:
  RowSource(uint64_t rows, uint64_t columns, Element element) : rows_(rows), columns_(columns), element_(element) {}
  virtual ~RowSource() = default;

  uint64_t rows() const { return rows_; }
  uint64_t columns() const { return columns_; }
  Element element() const { return element_; }
  // True when every element is zero: the packer then leaves a hole in the file instead of writing.
  virtual bool isZero() const { return false; }

  // Rows [first, first + count) into `out`, row-major and dense. The range lies within rows().
  virtual Status read(uint64_t first, uint64_t count, void *out) const = 0;

  // The codes of the same rows, where the source stores them so: one unsigned byte for each element, and the f16 scales
  // of groups of neighbours (the quantized type of the checkpoint's tensor says how many). Internal elsewhere.
  virtual Status readCodes(uint64_t first, uint64_t count, uint8_t *codes, uint16_t *scales) const {
    (void)first, (void)count, (void)codes, (void)scales;
    return Status(Code::Internal, "codes are asked of a source of numbers");
  }

private:
  uint64_t rows_, columns_;
  Element element_;
};

// A tensor of a checkpoint file: rows are contiguous from `offset`. The file must outlive the source.
std::unique_ptr<RowSource> checkpointRows(const io::MappedFile &file, uint64_t offset, uint64_t rows, uint64_t columns,
                                          Element element);

// All zeros.
std::unique_ptr<RowSource> zeroRows(uint64_t rows, uint64_t columns, Element element);

// Pseudo-random values that depend on the name and the position only, so that they are the same on every machine and
// for any order of reading. Matrices: uniform with variance 1 / columns, which keeps activations near one; vectors:
// ones.
std::unique_ptr<RowSource> randomRows(std::string_view name, uint64_t rows, uint64_t columns, Element element);

// Rows made by a function, in f32.
using RowGenerator = std::function<void(uint64_t first, uint64_t count, float *out)>;
std::unique_ptr<RowSource> generatedRows(uint64_t rows, uint64_t columns, RowGenerator generate);

} // namespace tenon::weights

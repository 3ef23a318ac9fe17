#include "compiler/weights/HeadRows.h"

#include "compiler/weights/BlockRows.h"

#include <cassert>
#include <vector>

namespace tenon::weights {
namespace {

// The file's row that is the model's row `row`.
uint64_t fileRow(uint64_t row, uint64_t headRows) {
  const uint64_t half = headRows / 2, within = row % headRows;
  return row - within + 2 * (within % half) + within / half;
}

// One row at a time: neighbours of the model lie two rows apart in the file, and the file is in the page cache.
class HeadRows final : public RowSource {
public:
  HeadRows(std::unique_ptr<RowSource> source, uint64_t headRows)
      : RowSource(source->rows(), source->columns(), source->element()), source_(std::move(source)),
        headRows_(headRows) {}

  bool isZero() const override { return source_->isZero(); }
  Status read(uint64_t first, uint64_t count, void *out) const override {
    const uint64_t rowBytes = columns() * elementBytes(element());
    for (uint64_t r = 0; r < count; ++r)
      TENON_TRY(source_->read(fileRow(first + r, headRows_), 1, static_cast<uint8_t *>(out) + r * rowBytes));
    return Status::ok();
  }
  Status readCodes(uint64_t first, uint64_t count, uint8_t *codes, uint16_t *scales) const override {
    for (uint64_t r = 0; r < count; ++r)
      TENON_TRY(source_->readCodes(fileRow(first + r, headRows_), 1, codes + r * columns(),
                                   scales + r * (columns() / kBlockColumns)));
    return Status::ok();
  }

private:
  std::unique_ptr<RowSource> source_;
  uint64_t headRows_;
};

class HeadVector final : public RowSource {
public:
  HeadVector(std::unique_ptr<RowSource> source, uint64_t headColumns)
      : RowSource(1, source->columns(), source->element()), source_(std::move(source)), headColumns_(headColumns) {}

  Status read(uint64_t first, uint64_t count, void *out) const override {
    const uint64_t size = elementBytes(element());
    std::vector<uint8_t> row(static_cast<size_t>(columns() * size));
    if (count == 0)
      return Status::ok();
    TENON_TRY(source_->read(first, 1, row.data()));
    for (uint64_t c = 0; c < columns(); ++c)
      std::memcpy(static_cast<uint8_t *>(out) + c * size, row.data() + fileRow(c, headColumns_) * size, size);
    return Status::ok();
  }

private:
  std::unique_ptr<RowSource> source_;
  uint64_t headColumns_;
};

} // namespace

std::unique_ptr<RowSource> deinterleavedRows(std::unique_ptr<RowSource> source, uint64_t headRows) {
  assert(headRows >= 2 && headRows % 2 == 0 && source->rows() % headRows == 0 && "whole heads of pairs");
  return std::make_unique<HeadRows>(std::move(source), headRows);
}

std::unique_ptr<RowSource> deinterleavedVector(std::unique_ptr<RowSource> source, uint64_t headColumns) {
  assert(headColumns >= 2 && headColumns % 2 == 0 && source->columns() % headColumns == 0 && source->rows() == 1 &&
         "whole heads of pairs");
  return std::make_unique<HeadVector>(std::move(source), headColumns);
}

} // namespace tenon::weights

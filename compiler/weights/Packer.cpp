#include "compiler/weights/Packer.h"

#include "runtime/base/Checked.h"
#include "runtime/base/Digest.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <thread>

namespace tenon::weights {
namespace {

constexpr uint64_t kBlockBytes = kDigestGroup * kDigestChunkBytes;
constexpr uint64_t kReadBytes = 256 << 10; // source bytes fetched by one read, at least one unit

// A unit is what is packed at once: n rows (one panel), or one row of a row-major weight.
struct Unit {
  uint64_t rows;
  uint64_t sourceBytes;
  uint64_t bytes;
};

Unit unitOf(const PackJob &job) {
  if (job.quantizer) {
    const qt::PanelLayout layout(job.quantizer->storage, static_cast<int64_t>(job.source->columns()));
    return {qt::kPanelOutputs, qt::kPanelOutputs * job.source->columns() * elementBytes(job.source->element()),
            static_cast<uint64_t>(layout.panelBytes())};
  }
  const uint64_t n = job.layout.rowMajor ? 1 : job.layout.n, k = job.layout.rowMajor ? 1 : job.layout.k;
  const uint64_t columns = job.source->columns(), groups = (columns + k - 1) / k;
  return {n, n * columns * elementBytes(job.source->element()), groups * n * k * elementBytes(job.stored)};
}

// [n][columns] -> [ceil(columns / k)][n][k]; rows past `present` and columns past `columns` are zero.
template <typename T>
void packPanel(const T *rows, uint64_t present, uint64_t columns, uint32_t n, uint32_t k, T *out) {
  const uint64_t groups = (columns + k - 1) / k;
  for (uint64_t g = 0; g < groups; ++g)
    for (uint32_t r = 0; r < n; ++r, out += k)
      for (uint32_t i = 0; i < k; ++i) {
        const uint64_t c = g * k + i;
        out[i] = r < present && c < columns ? rows[r * columns + c] : T(0);
      }
}

// The case that weighs gigabytes: 16-bit elements in pairs, moved as 32-bit words.
void packPairs(const uint16_t *rows, uint64_t columns, uint32_t n, uint32_t *out) {
  const uint64_t groups = columns / 2;
  for (uint64_t g = 0; g < groups; ++g)
    for (uint32_t r = 0; r < n; ++r)
      std::memcpy(out++, rows + r * columns + 2 * g, 4);
}

class Worker {
public:
  explicit Worker(uint64_t blockBytes) : block_(blockBytes) {}

  // Fills the block's bytes [begin, begin + size) of the segment. Sets `zero` when nothing but zeros is in it.
  Status make(const std::vector<PackJob> &jobs, uint64_t begin, uint64_t size, bool &zero) {
    zero = true;
    const uint64_t end = begin + size;
    auto job = std::upper_bound(jobs.begin(), jobs.end(), begin,
                                [](uint64_t at, const PackJob &j) { return at < j.offset + j.bytes; });
    bool cleared = false;
    for (; job != jobs.end() && job->offset < end; ++job) {
      if (job->source->isZero())
        continue;
      if (!cleared) // gaps and zero weights share the block with this one
        std::fill_n(block_.data(), size, uint8_t(0)), cleared = true;
      zero = false;
      const uint64_t from = std::max(begin, job->offset), to = std::min(end, job->offset + job->bytes);
      if (Status status = fill(*job, from - job->offset, to - job->offset, block_.data() + (from - begin));
          !status.isOk())
        return std::move(status).within(job->name);
    }
    if (zero)
      std::fill_n(block_.data(), size, uint8_t(0));
    return Status::ok();
  }

  std::span<const uint8_t> block(uint64_t size) const { return {block_.data(), static_cast<size_t>(size)}; }

private:
  // Bytes [from, to) of the packed job, into `out`.
  Status fill(const PackJob &job, uint64_t from, uint64_t to, uint8_t *out) {
    const Unit unit = unitOf(job);
    if (job.quantizer)
      return fillQuantized(job, unit, from, to, out);
    const uint64_t batch = std::max<uint64_t>(1, kReadBytes / std::max<uint64_t>(1, unit.sourceBytes));
    uint64_t u = from / unit.bytes;
    const uint64_t last = (to + unit.bytes - 1) / unit.bytes;
    while (u < last) {
      const uint64_t count = std::min(batch, last - u);
      const uint64_t firstRow = u * unit.rows, rows = std::min(count * unit.rows, job.source->rows() - firstRow);
      source_.resize(
          std::max<uint64_t>(source_.size(), rows * job.source->columns() * elementBytes(job.source->element())));
      TENON_TRY(job.source->read(firstRow, rows, source_.data()));
      const uint8_t *converted = convert(job, rows);
      for (uint64_t i = 0; i < count; ++i)
        place(job, unit, converted, i, rows, (u + i) * unit.bytes, from, to, out);
      u += count;
    }
    return Status::ok();
  }

  Status fillQuantized(const PackJob &job, const Unit &unit, uint64_t from, uint64_t to, uint8_t *out) {
    for (uint64_t u = from / unit.bytes; u * unit.bytes < to; ++u) {
      const uint64_t first = u * unit.rows, count = std::min(unit.rows, job.source->rows() - first);
      const uint64_t at = u * unit.bytes, begin = std::max(at, from), end = std::min(at + unit.bytes, to);
      const bool whole = end - begin == unit.bytes;
      panel_.resize(std::max<uint64_t>(panel_.size(), whole ? 0 : (unit.bytes + 3) / 4));
      uint8_t *panel = whole ? out + (begin - from) : reinterpret_cast<uint8_t *>(panel_.data());
      TENON_TRY(panels_.make(*job.source, *job.quantizer, first, count, panel));
      if (!whole)
        std::memcpy(out + (begin - from), panel + (begin - at), end - begin);
    }
    return Status::ok();
  }

  const uint8_t *convert(const PackJob &job, uint64_t rows) {
    if (job.source->element() == job.stored)
      return source_.data();
    const uint64_t count = rows * job.source->columns();
    converted_.resize(std::max<uint64_t>(converted_.size(), count * elementBytes(job.stored)));
    convertElements(job.source->element(), source_.data(), job.stored, converted_.data(), count);
    return converted_.data();
  }

  // Packs unit `i` of the batch, whose packed bytes start at `at`, into the part of [from, to) that it covers.
  void place(const PackJob &job, const Unit &unit, const uint8_t *rows, uint64_t i, uint64_t rowCount, uint64_t at,
             uint64_t from, uint64_t to, uint8_t *out) {
    const uint64_t columns = job.source->columns(), rowBytes = columns * elementBytes(job.stored);
    const uint8_t *first = rows + i * unit.rows * rowBytes;
    const uint64_t begin = std::max(at, from), end = std::min(at + unit.bytes, to);
    if (job.layout.rowMajor) {
      std::memcpy(out + (begin - from), first + (begin - at), end - begin);
      return;
    }
    const uint64_t present = std::min<uint64_t>(unit.rows, rowCount - i * unit.rows);
    if (begin == at && end == at + unit.bytes && (reinterpret_cast<uintptr_t>(out + (begin - from)) & 3) == 0) {
      pack(job, first, present, out + (begin - from));
      return;
    }
    panel_.resize(std::max<uint64_t>(panel_.size(), (unit.bytes + 3) / 4));
    pack(job, first, present, reinterpret_cast<uint8_t *>(panel_.data()));
    std::memcpy(out + (begin - from), reinterpret_cast<uint8_t *>(panel_.data()) + (begin - at), end - begin);
  }

  void pack(const PackJob &job, const uint8_t *rows, uint64_t present, uint8_t *out) {
    const uint64_t columns = job.source->columns();
    const Layout &l = job.layout;
    if (elementBytes(job.stored) == 4)
      packPanel(reinterpret_cast<const uint32_t *>(rows), present, columns, l.n, l.k,
                reinterpret_cast<uint32_t *>(out));
    else if (l.k == 2 && present == l.n && columns % 2 == 0)
      packPairs(reinterpret_cast<const uint16_t *>(rows), columns, l.n, reinterpret_cast<uint32_t *>(out));
    else
      packPanel(reinterpret_cast<const uint16_t *>(rows), present, columns, l.n, l.k,
                reinterpret_cast<uint16_t *>(out));
  }

  std::vector<uint8_t> block_, source_, converted_;
  std::vector<uint32_t> panel_; // words, for alignment
  PanelMaker panels_;
};

// Checks that the jobs fill their places; `largestWorker` becomes the memory that one worker may need.
Status checkJobs(const std::vector<PackJob> &jobs, uint64_t bytes, const PackOptions &options,
                 uint64_t &largestWorker) {
  uint64_t end = 0, largestUnit = 0;
  for (const PackJob &job : jobs) {
    uint64_t expected = 0;
    const uint64_t rows = job.source->rows(), columns = job.source->columns();
    const bool known = job.quantizer ? quantizedBytes(rows, columns, job.quantizer->storage, expected)
                                     : packedBytes(rows, columns, job.stored, job.layout, expected);
    if (!known || expected != job.bytes || job.offset < end || !rangeWithin(job.offset, job.bytes, bytes))
      return Status(Code::Internal, "weight " + job.name + " does not fit its place in the packed segment");
    end = job.offset + job.bytes;
    const Unit unit = unitOf(job);
    largestUnit =
        std::max(largestUnit, job.quantizer ? PanelMaker::bufferBytes(*job.source, job.quantizer->storage) + unit.bytes
                                            : std::max(unit.sourceBytes, kReadBytes) * 2 + unit.bytes);
  }
  largestWorker = kBlockBytes + largestUnit;
  if (largestWorker > options.maxMemory)
    return Status(Code::Constraint, "packing needs " + std::to_string(largestWorker) +
                                        " bytes of buffers, --max-memory allows " + std::to_string(options.maxMemory) +
                                        "; give more");
  return Status::ok();
}

// What the workers share.
struct Run {
  std::atomic<uint64_t> next{0};
  std::atomic<bool> failed{false};
  std::mutex mutex; // guards status and progress
  Status status;
  uint64_t done = 0;
};

} // namespace

bool packedBytes(uint64_t rows, uint64_t columns, Element stored, const Layout &layout, uint64_t &bytes) {
  const uint64_t n = layout.rowMajor ? 1 : layout.n, k = layout.rowMajor ? 1 : layout.k;
  uint64_t panels, groups;
  if (n == 0 || k == 0 || !checkedAdd(rows, n - 1, panels) || !checkedAdd(columns, k - 1, groups))
    return false;
  panels /= n;
  groups /= k;
  return checkedMul(panels, groups, bytes) && checkedMul(bytes, n * k, bytes) &&
         checkedMul<uint64_t>(bytes, elementBytes(stored), bytes);
}

bool quantizedBytes(uint64_t rows, uint64_t columns, const qt::Storage &storage, uint64_t &bytes) {
  uint64_t panels;
  if (columns == 0 || columns > UINT64_MAX >> 16 || !checkedAdd<uint64_t>(rows, qt::kPanelOutputs - 1, panels))
    return false;
  const qt::PanelLayout layout(storage, static_cast<int64_t>(columns));
  return checkedMul<uint64_t>(panels / qt::kPanelOutputs, static_cast<uint64_t>(layout.panelBytes()), bytes);
}

Result<PackedSegment> packSegment(const std::vector<PackJob> &jobs, uint64_t bytes, io::OutputFile &file, uint64_t base,
                                  const PackOptions &options) {
  uint64_t workerMemory = 0;
  TENON_TRY(checkJobs(jobs, bytes, options, workerMemory));
  // As many workers as the bound allows, at least one: the bytes are the same for any number.
  const uint64_t workers = std::min<uint64_t>(options.workers, options.maxMemory / workerMemory);
  std::vector<Digest> chunks(chunkCount(bytes));
  const uint64_t blocks = (bytes + kBlockBytes - 1) / kBlockBytes;
  Run run;

  auto work = [&] {
    Worker worker(kBlockBytes);
    for (uint64_t b; (b = run.next.fetch_add(1)) < blocks && !run.failed.load();) {
      const uint64_t begin = b * kBlockBytes, size = std::min(kBlockBytes, bytes - begin);
      bool zero = false;
      Status status = worker.make(jobs, begin, size, zero);
      if (status.isOk() && !zero)
        status = file.write(base + begin, worker.block(size));
      const std::span<const uint8_t> block = worker.block(size);
      if (status.isOk())
        chunkDigests(block, std::span(chunks).subspan(begin / kDigestChunkBytes, chunkCount(size)));
      std::lock_guard lock(run.mutex);
      if (!status.isOk()) {
        if (run.status.isOk())
          run.status = std::move(status);
        run.failed = true;
        return;
      }
      run.done += size;
      if (options.onProgress)
        options.onProgress(run.done, bytes);
    }
  };
  std::vector<std::thread> threads;
  for (uint64_t i = 1; i < std::min(workers, blocks); ++i)
    threads.emplace_back(work);
  work();
  for (std::thread &t : threads)
    t.join();
  if (!run.status.isOk())
    return std::move(run.status);
  return PackedSegment{combineChunks(chunks)};
}

} // namespace tenon::weights

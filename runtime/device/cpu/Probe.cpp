#include "runtime/device/cpu/Probe.h"

#include "runtime/device/cpu/HostFeatures.h"
#include "runtime/device/cpu/Topology.h"
#include "runtime/io/SmallFile.h"

#include <algorithm>
#include <ctime>
#include <vector>

namespace tenon::cpu {

static constexpr int64_t kMillisecond = 1000 * 1000;
static constexpr int64_t kWarmUp = 5 * kMillisecond, kBurst = 45 * kMillisecond, kStreamTrial = 10 * kMillisecond;
static constexpr int kStreamRounds = 5;

static int64_t nanoseconds() {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return int64_t(t.tv_sec) * 1000 * kMillisecond + t.tv_nsec;
}

static double median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + values.size() / 2, values.end());
  return values[values.size() / 2];
}

static bool runsHere(const PeakRow &row) {
  for (const char *feature : row.features)
    if (feature && !HostFeatures::get().has(feature))
      return false;
  return true;
}

Probe::Probe(ThreadPool &pool) : pool_(pool) {
  for (const PeakRow &row : peakRows()) {
    const PeakRow *&chosen = peaks_[static_cast<int>(row.limit)];
    if (!chosen && runsHere(row))
      chosen = &row;
  }
}

// Every worker calls chunk(worker), which returns the units of work it did, until the time is up; the sum of the
// workers' own rates. Not total work over total time: a worker that lost its CPU for a moment must not make the others
// seem to wait.
template <typename Chunk> double Probe::sumOfRates(int64_t duration, Chunk chunk) {
  struct alignas(128) Rate {
    double value = 0;
  };
  std::vector<Rate> rates(pool_.workers());
  ThreadPool::Active step(pool_, ThreadPool::Participants::All);
  pool_.run([&](uint32_t worker, uint32_t) {
    for (int64_t until = nanoseconds() + kWarmUp; nanoseconds() < until;)
      (void)chunk(worker);
    double done = 0;
    int64_t start = nanoseconds(), now = start;
    while (now - start < duration) {
      done += chunk(worker);
      now = nanoseconds();
    }
    rates[worker].value = done * 1e9 / double(now - start);
  });
  double sum = 0;
  for (const Rate &rate : rates)
    sum += rate.value;
  return sum;
}

double Probe::peakBurst(const PeakRow &row, int64_t duration) {
  constexpr uint64_t kIterations = 5000; // tens of microseconds: the clock costs nothing beside it
  return sumOfRates(duration, [&](uint32_t) {
    row.loop(kIterations);
    return kIterations * row.opsPerIteration;
  });
}

double Probe::readBurst(const ReadRow &row, int64_t duration) {
  constexpr size_t kChunk = size_t(1) << 20;
  struct alignas(128) Position {
    size_t at = 0;
    uint64_t sum = 0;
  };
  std::vector<Position> positions(pool_.workers());
  double result = sumOfRates(duration, [&](uint32_t worker) {
    Share share = shareOf(buffer_.size(), worker, pool_.workers(), Memory::kAlignment);
    size_t stride = (share.end - share.begin) / row.streams / 128 * 128;
    Position &p = positions[worker];
    size_t end = std::min(stride, p.at + std::max<size_t>(128, kChunk / row.streams / 128 * 128));
    p.sum ^= row.loop(buffer_.data() + share.begin, stride, p.at, end);
    double bytes = double(end - p.at) * row.streams;
    p.at = end == stride ? 0 : end;
    return bytes;
  });
  for (const Position &p : positions)
    __asm__ volatile("" : : "r"(p.sum)); // somebody might look at it
  return result;
}

Status Probe::prepareReads() {
  // Large enough that the last-level cache holds next to nothing of it when the reader comes round.
  Topology topology = Topology::read(allowedCpus());
  uint64_t bytes = std::max<uint64_t>(8 * topology.caches.lastLevelTotal, uint64_t(64) << 20);
  uint64_t available = availableMemory();
  if (available != 0)
    bytes = std::min(bytes, available / 4);
  // Each worker needs some huge pages of its own.
  bytes = std::max(bytes / Memory::kAlignment, uint64_t(4) * pool_.workers()) * Memory::kAlignment;
  TENON_ASSIGN(buffer_, Memory::allocate(bytes, "bandwidth probe"));
  buffer_.prefault(pool_);

  // The widest registers that the CPU has, and among the stream counts the one that reads fastest here. Each round
  // compares all of them within a moment, as a share of the round's best; the median over rounds leaves disturbances
  // out.
  std::vector<const ReadRow *> candidates;
  for (const ReadRow &row : readRows())
    if ((!row.feature || HostFeatures::get().has(row.feature)) &&
        (candidates.empty() || std::string_view(candidates[0]->isa) == row.isa))
      candidates.push_back(&row);
  std::vector<std::vector<double>> shares(candidates.size());
  for (int round = 0; round < kStreamRounds; ++round) {
    std::vector<double> rates;
    for (const ReadRow *row : candidates)
      rates.push_back(readBurst(*row, kStreamTrial));
    double best = *std::max_element(rates.begin(), rates.end());
    for (size_t i = 0; i < candidates.size(); ++i)
      shares[i].push_back(rates[i] / best);
  }
  size_t chosen = 0;
  for (size_t i = 1; i < candidates.size(); ++i)
    if (median(shares[i]) > median(shares[chosen]))
      chosen = i;
  read_ = candidates[chosen];
  return Status::ok();
}

Result<double> Probe::burst(Limit limit) {
  if (limit == Limit::Read) {
    if (!read_)
      TENON_TRY(prepareReads());
    return readBurst(*read_, kBurst);
  }
  const PeakRow *row = peaks_[static_cast<int>(limit)];
  return row ? peakBurst(*row, kBurst) : 0.0;
}

std::string Probe::isa(Limit limit) const {
  if (limit == Limit::Read)
    return read_ ? read_->isa : "";
  const PeakRow *row = peaks_[static_cast<int>(limit)];
  return row ? row->isa : "";
}

Result<Limits> Probe::measure(unsigned bursts) {
  constexpr Limit kAll[] = {Limit::Read, Limit::F32, Limit::Bf16, Limit::Int8};
  std::vector<double> samples[4];
  for (unsigned i = 0; i < std::max(1u, bursts); ++i)
    for (Limit limit : kAll) {
      TENON_ASSIGN(double rate, burst(limit));
      samples[static_cast<int>(limit)].push_back(rate);
    }
  auto medianOf = [&](Limit limit) { return median(samples[static_cast<int>(limit)]); };
  Limits limits;
  limits.readBytesPerSecond = medianOf(Limit::Read);
  limits.f32FlopsPerSecond = medianOf(Limit::F32);
  limits.bf16FlopsPerSecond = medianOf(Limit::Bf16);
  limits.int8OpsPerSecond = medianOf(Limit::Int8);
  limits.readIsa = isa(Limit::Read);
  limits.f32Isa = isa(Limit::F32);
  limits.bf16Isa = isa(Limit::Bf16);
  limits.int8Isa = isa(Limit::Int8);
  limits.readStreams = read_->streams;
  return limits;
}

CpuTimes readCpuTimes(const std::string &path) {
  CpuTimes times;
  auto text = io::readSmallFile(path);
  if (!text || !text->starts_with("cpu "))
    return times;
  // cpu user nice system idle iowait irq softirq steal guest guest_nice; guest times are part of user and nice.
  std::string_view rest = std::string_view(*text).substr(4, text->find('\n') - 4);
  for (int field = 0; field < 8; ++field) {
    rest = io::trimmed(rest);
    std::string_view number = rest.substr(0, rest.find(' '));
    rest.remove_prefix(number.size());
    uint64_t ticks = io::parseNumber(number).value_or(0);
    times.total += ticks;
    if (field == 7)
      times.stolen = ticks;
  }
  return times;
}

double stolenShare(const CpuTimes &before, const CpuTimes &after) {
  if (after.total <= before.total || after.stolen <= before.stolen)
    return 0;
  return std::min(1.0, double(after.stolen - before.stolen) / double(after.total - before.total));
}

} // namespace tenon::cpu

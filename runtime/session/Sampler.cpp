#include "runtime/session/Sampler.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cmath>
#include <limits>
#include <string>

namespace tenon {

static constexpr float kNever = -std::numeric_limits<float>::infinity();
static constexpr size_t kBlock = 512; // weights summed together; the draw skips whole blocks
static constexpr size_t kLanes = 16;  // independent sums, so that the compiler may use vectors
static constexpr uint32_t kHeapTopK = 1024;

static Status badParameter(const char *name, const char *expected, float found) {
  return Status(Code::Usage, std::string(name) + ": expected " + expected + ", found " + std::to_string(found));
}

// Written so that NaN fails every test.
Status SamplingParams::check() const {
  if (!(temperature >= 0 && temperature <= std::numeric_limits<float>::max()))
    return badParameter("temperature", "a number of at least 0", temperature);
  if (!(topP >= 0 && topP <= 1))
    return badParameter("top-p", "a share from 0 to 1", topP);
  if (!(minP >= 0 && minP <= 1))
    return badParameter("min-p", "a share from 0 to 1", minP);
  if (!(repetitionPenalty > 0 && repetitionPenalty <= std::numeric_limits<float>::max()))
    return badParameter("repetition penalty", "a number above 0", repetitionPenalty);
  return Status::ok();
}

Sampler::Sampler(const SamplingParams &params, uint32_t vocab) : params_(params), accepted_(vocab) {
  assert(params.check().isOk());
}

void Sampler::accept(int32_t token) {
  assert(token >= 0 && static_cast<size_t>(token) < accepted_.size());
  if (accepted_[token])
    return;
  accepted_[token] = true;
  acceptedTokens_.push_back(token);
}

void Sampler::forget() {
  for (int32_t token : acceptedTokens_)
    accepted_[token] = false;
  acceptedTokens_.clear();
}

// Keskar et al., CTRL (2019), with the usual rule for negative logits.
void Sampler::penalize(std::span<float> logits) const {
  for (int32_t token : acceptedTokens_) {
    float &logit = logits[token];
    logit = logit > 0 ? logit / params_.repetitionPenalty : logit * params_.repetitionPenalty;
  }
}

// The largest logit; minus infinity when there is none. NaN loses every comparison.
static float largestOf(std::span<const float> logits) {
  float lanes[kLanes];
  std::fill(std::begin(lanes), std::end(lanes), kNever);
  size_t i = 0;
  for (; i + kLanes <= logits.size(); i += kLanes)
    for (size_t j = 0; j < kLanes; ++j)
      lanes[j] = logits[i + j] > lanes[j] ? logits[i + j] : lanes[j];
  for (; i < logits.size(); ++i)
    lanes[0] = logits[i] > lanes[0] ? logits[i] : lanes[0];
  return *std::max_element(std::begin(lanes), std::end(lanes));
}

// exp(x) for x <= 0, 0 below -87; relative error under 3e-7. 2^n * 2^f with |f| <= 1/2; the polynomial is Taylor's in
// f * ln 2, long enough for a float.
static inline float expNegative(float x) {
  constexpr float kRound = 12582912.0f; // 1.5 * 2^23: adding it rounds to a whole number, also where floor is a call
  float whole = (x * 1.44269504f + kRound) - kRound;
  float r = x - whole * 0.693359375f;
  r += whole * 2.12194440e-4f; // ln 2 in two parts keeps r exact
  float p = 1.0f / 5040;
  p = p * r + 1.0f / 720;
  p = p * r + 1.0f / 120;
  p = p * r + 1.0f / 24;
  p = p * r + 1.0f / 6;
  p = p * r + 0.5f;
  p = p * r + 1.0f;
  p = p * r + 1.0f;
  int32_t exponent = static_cast<int32_t>(whole) + 127;
  float power = std::bit_cast<float>(exponent << 23);
  return p * power;
}

static inline float weightOf(float logit, float largest, float temperature) {
  float x = (logit - largest) / temperature;
  return x > -87.0f ? expNegative(x) : 0.0f; // NaN, too, weighs nothing
}

// Turns logits into weights, 1 for the largest; returns their sum.
double Sampler::weigh(std::span<float> logits, float largest) {
  blockWeights_.clear();
  double total = 0;
  float temperature = params_.temperature;
  for (size_t begin = 0; begin < logits.size(); begin += kBlock) {
    std::span<float> block = logits.subspan(begin, std::min(kBlock, logits.size() - begin));
    for (float &logit : block)
      logit = weightOf(logit, largest, temperature);
    float lanes[kLanes] = {};
    size_t i = 0;
    for (; i + kLanes <= block.size(); i += kLanes)
      for (size_t j = 0; j < kLanes; ++j)
        lanes[j] += block[i + j];
    for (; i < block.size(); ++i)
      lanes[0] += block[i];
    double sum = 0;
    for (float lane : lanes)
      sum += lane;
    blockWeights_.push_back(sum);
    total += sum;
  }
  return total;
}

bool Sampler::comesBefore(const Candidate &a, const Candidate &b) {
  return a.weight > b.weight || (a.weight == b.weight && a.token < b.token);
}

// The k largest logits become the candidates, in no order.
void Sampler::keepTopK(std::span<const float> logits) {
  candidates_.clear();
  uint32_t k = params_.topK;
  if (k > kHeapTopK) {
    for (size_t i = 0; i < logits.size(); ++i)
      if (logits[i] > kNever)
        candidates_.push_back({logits[i], static_cast<int32_t>(i)});
    if (candidates_.size() > k) {
      std::nth_element(candidates_.begin(), candidates_.begin() + k, candidates_.end(), comesBefore);
      candidates_.resize(k);
    }
    return;
  }
  // A heap with its last in order at the front. Ids ascend, so that an equal logit never replaces one.
  float threshold = kNever;
  for (size_t i = 0; i < logits.size(); ++i) {
    if (!(logits[i] > threshold))
      continue;
    if (candidates_.size() == k) {
      std::pop_heap(candidates_.begin(), candidates_.end(), comesBefore);
      candidates_.pop_back();
    }
    candidates_.push_back({logits[i], static_cast<int32_t>(i)});
    std::push_heap(candidates_.begin(), candidates_.end(), comesBefore);
    if (candidates_.size() == k)
      threshold = candidates_.front().weight;
  }
}

// The tokens of at least this weight become the candidates; returns the sum of theirs.
double Sampler::keepAtLeast(std::span<const float> weights, float least) {
  candidates_.clear();
  double sum = 0;
  for (size_t i = 0; i < weights.size(); ++i)
    if (weights[i] >= least) {
      candidates_.push_back({weights[i], static_cast<int32_t>(i)});
      sum += weights[i];
    }
  return sum;
}

// Cuts the candidates to the shortest run, most likely first, that weighs at least topP * total: halving by selection,
// so that the work is linear in the candidates.
void Sampler::keepNucleus(double total) {
  double target = params_.topP * total;
  size_t low = 0, high = candidates_.size(); // the run ends in (low, high]
  double before = 0;                         // weight of candidates_[0, low)
  while (high - low > 1) {
    size_t middle = low + (high - low) / 2;
    std::nth_element(candidates_.begin() + low, candidates_.begin() + middle, candidates_.begin() + high, comesBefore);
    double part = 0;
    for (size_t i = low; i < middle; ++i)
      part += candidates_[i].weight;
    if (before + part >= target) {
      high = middle;
    } else {
      before += part;
      low = middle;
    }
  }
  candidates_.resize(high);
}

// Puts the candidates into the order of ids, which the last bits of logits do not change: batches that round
// differently then draw the same token. `weights` are those of all tokens.
void Sampler::orderById(std::span<const float> weights) {
  if (candidates_.size() < weights.size() / 16) {
    orderById();
    return;
  }
  Candidate last = *std::max_element(candidates_.begin(), candidates_.end(), comesBefore);
  candidates_.clear();
  for (size_t i = 0; i < weights.size(); ++i)
    if (Candidate candidate{weights[i], static_cast<int32_t>(i)}; !comesBefore(last, candidate))
      candidates_.push_back(candidate);
}

void Sampler::orderById() {
  std::sort(candidates_.begin(), candidates_.end(), [](auto &a, auto &b) { return a.token < b.token; });
}

// One draw among the candidates; their largest weight is 1.
int32_t Sampler::drawCandidate() {
  double total = 0;
  for (const Candidate &candidate : candidates_)
    total += candidate.weight >= params_.minP ? candidate.weight : 0;
  double point = nextUniform() * total;
  int32_t last = 0;
  for (const Candidate &candidate : candidates_) {
    if (!(candidate.weight >= params_.minP) || candidate.weight == 0)
      continue;
    last = candidate.token;
    if ((point -= candidate.weight) < 0)
      break;
  }
  return last; // rounding may leave a rest at the end
}

// One draw among all tokens. `total` is the sum of blockWeights_.
int32_t Sampler::drawFrom(std::span<const float> weights, double total) {
  double point = nextUniform() * total;
  size_t block = 0;
  while (block + 1 < blockWeights_.size() && point >= blockWeights_[block])
    point -= blockWeights_[block++];
  int32_t last = -1;
  for (size_t i = block * kBlock; i < std::min(weights.size(), (block + 1) * kBlock); ++i) {
    if (weights[i] == 0)
      continue;
    last = static_cast<int32_t>(i);
    if ((point -= weights[i]) < 0)
      return last;
  }
  // Rounding carried the point past the last weight of the block: the nearest token that has any.
  for (size_t i = block * kBlock; last < 0 && i-- > 0;)
    if (weights[i] > 0)
      last = static_cast<int32_t>(i);
  return std::max(last, 0);
}

int32_t Sampler::sample(std::span<float> logits) {
  assert(logits.size() == accepted_.size());
  if (params_.repetitionPenalty != 1)
    penalize(logits);
  float largest = largestOf(logits);
  if (params_.temperature == 0 || std::isinf(largest)) { // nothing but minus infinity, or a certainty
    auto first = std::find(logits.begin(), logits.end(), largest);
    return first == logits.end() ? 0 : static_cast<int32_t>(first - logits.begin());
  }
  if (params_.topK > 0 && params_.topK < logits.size()) {
    keepTopK(logits);
    double total = 0;
    for (Candidate &candidate : candidates_)
      total += candidate.weight = weightOf(candidate.weight, largest, params_.temperature);
    if (params_.topP < 1)
      keepNucleus(total);
    orderById();
    return drawCandidate();
  }
  double total = weigh(logits, largest);
  if (params_.topP < 1) {
    // Most of a vocabulary is neither likely nor needed.
    for (float least : {0x1p-8f, 0x1p-16f, std::numeric_limits<float>::min()})
      if (keepAtLeast(logits, least) >= params_.topP * total)
        break;
    keepNucleus(total);
    orderById(logits);
    return drawCandidate();
  }
  if (params_.minP > 0) {
    keepAtLeast(logits, params_.minP);
    return drawCandidate();
  }
  return drawFrom(logits, total);
}

// SplitMix64 (Steele, Lea, Flood 2014), read at the place that the draw's number names.
static uint64_t mix(uint64_t z) {
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

double Sampler::nextUniform() {
  uint64_t key = mix(params_.seed + 0x9e3779b97f4a7c15u);
  return static_cast<double>(mix(key + ++draws_ * 0x9e3779b97f4a7c15u) >> 11) * 0x1p-53;
}

} // namespace tenon

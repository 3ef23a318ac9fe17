// Thousands of damaged engines, always the same ones. The digest is made right again, so that the verifier and the
// semantic checks are what stands between the damage and the machine.
#include "runtime/support/EngineProbe.h"

#include "runtime/schema/EngineHeader.h"
#include "runtime/support/ToyEngine.h"
#include "tenon/schema/engine_generated.h"

#include <cstring>
#include <gtest/gtest.h>
#include <random>

namespace tenon {
namespace {

// Numbers at which arithmetic breaks.
uint64_t interesting(std::mt19937_64 &random) {
  static const uint64_t kNumbers[] = {0,          1,          63,         64,           4095,       4096,
                                      4097,       0x7fffffff, 1u << 31,   0xffffffff,   1ull << 32, 1ull << 40,
                                      1ull << 63, ~0ull,      ~0ull - 63, ~0ull - 4095, 0x8000u,    0xffffu};
  uint64_t pick = random();
  return pick % 4 == 0 ? random() : kNumbers[pick / 4 % std::size(kNumbers)];
}

TEST(EngineMutations, BytesAndWordsOfTheMetadata) {
  test::EngineProbe probe;
  ASSERT_TRUE(probe.accepts(probe.goodMetadata()));
  std::mt19937_64 random(1);
  int accepted = 0;
  constexpr int kRounds = 12000;
  for (int round = 0; round < kRounds; ++round) {
    std::vector<uint8_t> metadata = probe.goodMetadata();
    for (uint64_t changes = 1 + random() % 3; changes > 0; --changes) {
      static constexpr size_t kWidths[] = {1, 2, 4, 8};
      size_t width = kWidths[random() % 4];
      size_t at = random() % (metadata.size() - width) / width * width;
      uint64_t value = interesting(random);
      std::memcpy(&metadata[at], &value, width);
    }
    accepted += probe.accepts(metadata);
  }
  // Both ends are reached: damage that means nothing (a count of operations) and damage that is refused.
  EXPECT_GT(accepted, kRounds / 50);
  EXPECT_LT(accepted, kRounds / 2);
}

TEST(EngineMutations, CutsAndShiftsOfTheMetadata) {
  test::EngineProbe probe;
  const std::vector<uint8_t> &good = probe.goodMetadata();
  for (size_t size = 0; size < good.size(); ++size)
    probe.accepts(std::span(good).first(size));
  std::mt19937_64 random(2);
  for (int round = 0; round < 3000; ++round) {
    std::vector<uint8_t> metadata = good;
    size_t at = random() % metadata.size(), length = 4 * (1 + random() % 16);
    if (round % 2)
      metadata.insert(metadata.begin() + at, length, static_cast<uint8_t>(random()));
    else
      metadata.erase(metadata.begin() + at, metadata.begin() + std::min(metadata.size(), at + length));
    probe.accepts(metadata);
  }
}

TEST(EngineMutations, BytesOfTheHeader) {
  test::EngineProbe probe;
  std::vector<uint8_t> good = test::ToyEngine().bytes();
  good.resize(sizeof(EngineHeader) + probe.goodMetadata().size());
  ASSERT_TRUE(probe.acceptsFile(good));
  for (size_t at = 0; at < sizeof(EngineHeader); ++at)
    for (int bit = 0; bit < 8; ++bit) {
      std::vector<uint8_t> bytes = good;
      bytes[at] ^= 1 << bit;
      bool minor = at == offsetof(EngineHeader, minor) || at == offsetof(EngineHeader, minor) + 1;
      EXPECT_EQ(probe.acceptsFile(bytes), minor) << "byte " << at << " bit " << bit;
    }
}

// Every number of the tables, by name rather than by place: the same fault in each slice of each step.
TEST(EngineMutations, FieldsOfTheTables) {
  test::EngineProbe probe;
  std::mt19937_64 random(3);
  int accepted = 0;
  for (int round = 0; round < 3000; ++round) {
    test::ToyEngine toy;
    schema::VariantT &variant = toy.variant();
    auto slice = [&](schema::Slice &target) {
      uint64_t field = random() % 4;
      target = schema::Slice(field == 0 ? interesting(random) : target.offset(),
                             field == 1 ? interesting(random) : target.bytes(),
                             field == 2 ? static_cast<uint32_t>(interesting(random)) : target.index(),
                             field == 3 ? static_cast<schema::Region>(random() % 6) : target.region());
    };
    auto number = [&](auto &field) {
      field = static_cast<std::remove_reference_t<decltype(field)>>(interesting(random));
    };
    schema::ProgramT &program = *variant.programs[random() % variant.programs.size()];
    schema::StepT &step = *program.steps[random() % program.steps.size()];
    switch (random() % 12) {
    case 0:
    case 1:
      slice(step.args[random() % step.args.size()]);
      break;
    case 2:
      number(step.kernel);
      break;
    case 3:
      slice(*variant.io[random() % variant.io.size()]->slice);
      break;
    case 4: {
      std::vector<uint64_t> &shape = variant.io[random() % variant.io.size()]->shape;
      number(shape[random() % shape.size()]);
      break;
    }
    case 5:
      number(random() % 2 ? variant.kv_bytes : random() % 2 ? variant.io_bytes : variant.arena_bytes);
      break;
    case 6:
      number(random() % 2 ? toy.metadata.kv->pages : toy.metadata.kv->page_tokens);
      break;
    case 7:
      number(random() % 2 ? toy.metadata.shape->max_context : toy.metadata.shape->max_sequences);
      break;
    case 8:
      number(toy.metadata.shape->body_rows[random() % 4]);
      break;
    case 9:
      number(program.rows);
      break;
    case 10: {
      schema::SegmentT &segment = *toy.metadata.segments[random() % 3];
      number(random() % 2 ? segment.offset : segment.bytes);
      break;
    }
    case 11:
      number(variant.kernels[random() % variant.kernels.size()]->arg_count);
      break;
    }
    flatbuffers::FlatBufferBuilder builder;
    FinishEngineBuffer(builder, schema::Engine::Pack(builder, &toy.metadata));
    accepted += probe.accepts({builder.GetBufferPointer(), builder.GetSize()});
  }
  EXPECT_GT(accepted, 20);
  EXPECT_LT(accepted, 1500);
}

} // namespace
} // namespace tenon

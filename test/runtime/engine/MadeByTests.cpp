#include "runtime/engine/MadeBy.h"
#include "test/runtime/support/ToyEngine.h"

#include <gtest/gtest.h>

namespace tenon {
namespace {

std::string madeByWith(const std::string &digest) {
  schema::EngineT engine = test::ToyEngine().metadata;
  engine.compiler = "tenon 9";
  auto field = std::make_unique<schema::KeyValueT>();
  field->key = kSourcesField;
  field->value = digest;
  engine.key_fields.insert(engine.key_fields.begin(), std::move(field));
  flatbuffers::FlatBufferBuilder builder;
  builder.Finish(schema::Engine::Pack(builder, &engine));
  return madeBy(*flatbuffers::GetRoot<schema::Engine>(builder.GetBufferPointer()));
}

TEST(MadeBy, NamesVersionAndSources) {
  EXPECT_EQ(madeByWith("0123456789abcdef" + std::string(48, '7')), "tenon 9, sources 0123456789abcdef");
}

TEST(MadeBy, WhatIsNoDigestIsNotShown) {
  for (const std::string &value :
       {std::string(), std::string(63, 'a'), std::string(65, 'a'), std::string(64, 'A'), std::string(63, 'a') + "\x1b"})
    EXPECT_EQ(madeByWith(value), "tenon 9, sources not recorded") << value;
}

} // namespace
} // namespace tenon

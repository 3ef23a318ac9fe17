// Options read off an engine's key fields, which may be anybody's words.
#include "runtime/engine/CompileRecipe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <map>

namespace tenon {
namespace {

using testing::HasSubstr;

const std::map<std::string, std::string> kGood = {
    {"model.source", "checkpoint"}, {"option.activations", "auto"},
    {"option.kv", "int8"},          {"option.quant", "int4_wo:g32; lm_head=int8_wo"},
    {"option.weights", "inside"},   {"shape.kv-tokens", "4096"},
    {"shape.logit-rows", "1,2"},    {"shape.max-batch", "4"},
    {"shape.max-seq", "1024"},      {"shape.page-tokens", "64"},
    {"shape.step-tokens", "1,16"},  {"target.0", "cpu:x86-64-v3"},
    {"target.0.features", "avx2"},  {"target.1", "cpu:x86-64-v4+avx512bf16"},
};

Result<CompileRecipe> recipeFrom(const std::map<std::string, std::string> &fields) {
  schema::EngineT engine;
  engine.model = std::make_unique<schema::ModelInfoT>();
  engine.shape = std::make_unique<schema::ShapeKeyT>();
  engine.kv = std::make_unique<schema::KvGeometryT>();
  for (const auto &[key, value] : fields) {
    auto field = std::make_unique<schema::KeyValueT>();
    field->key = key;
    field->value = value;
    engine.key_fields.push_back(std::move(field));
  }
  flatbuffers::FlatBufferBuilder builder;
  FinishEngineBuffer(builder, schema::Engine::Pack(builder, &engine));
  return recipeOf(*schema::GetEngine(builder.GetBufferPointer()));
}

TEST(CompileRecipe, SaysTheCommand) {
  auto recipe = recipeFrom(kGood);
  ASSERT_TRUE(recipe.isOk()) << recipe.status().message();
  EXPECT_EQ(recipe->source, "checkpoint");
  EXPECT_EQ(shellText(recipe->arguments()),
            "--target=cpu:x86-64-v3 --target=cpu:x86-64-v4+avx512bf16 '--quant=int4_wo:g32; lm_head=int8_wo' "
            "--activations=auto --kv=int8 --weights=inside --max-batch=4 --max-seq=1024 --kv-tokens=4096 "
            "--page-tokens=64 --step-tokens=1,16 --logit-rows=1,2");
  EXPECT_THAT(shellText(recipe->onTargets({"native"}).arguments()), testing::StartsWith("--target=native '--quant"));
}

TEST(CompileRecipe, EveryFieldMustBeThere) {
  for (const auto &[key, value] : kGood) {
    if (key == "target.0.features" || key == "target.1")
      continue;
    auto fields = kGood;
    fields.erase(key);
    auto recipe = recipeFrom(fields);
    ASSERT_FALSE(recipe.isOk()) << key;
    EXPECT_EQ(recipe.status().code(), Code::InvalidFile);
    EXPECT_THAT(recipe.status().message(), HasSubstr("'" + key + "'"));
  }
}

TEST(CompileRecipe, HostileValuesAreRefused) {
  for (const auto &[key, value] : kGood)
    if (key != "target.0.features")
      for (const std::string &hostile : {std::string(), std::string("a\nb"), std::string("\x1b[2J"),
                                         std::string("1\0", 2), std::string("\xff"), std::string(5000, '1')}) {
        auto fields = kGood;
        fields[key] = hostile;
        EXPECT_FALSE(recipeFrom(fields).isOk()) << key;
      }
  for (const char *key : {"option.kv", "option.weights", "shape.max-seq", "target.0", "model.source"}) {
    auto fields = kGood;
    fields[key] = "$(reboot)";
    EXPECT_FALSE(recipeFrom(fields).isOk()) << key;
  }
}

TEST(CompileRecipe, ShellTextIsOneWordEach) {
  EXPECT_EQ(shellText({"a b", "it's", "$(reboot)", "", "--x=1,2"}), "'a b' 'it'\\''s' '$(reboot)' '' --x=1,2");
  EXPECT_EQ(shellText({"`x`", "a;b", "*", "~", "a=\"b\""}), "'`x`' 'a;b' '*' '~' 'a=\"b\"'");
}

} // namespace
} // namespace tenon

// Lua programs for the tab Lua, confined: on PUC Lua, on LuaJIT interpreted, and with traces by stock's backend or
// jitkit's; on this machine with the time they take, on AArch64 under QEMU with the instructions they execute.
#ifndef JITKIT_TOOLS_EXPLORE_LUA_HPP
#define JITKIT_TOOLS_EXPLORE_LUA_HPP

#include <atomic>
#include <string>
#include <vector>

#include "confined.hpp"
#include "question.hpp"

namespace jitkit::tools {

class Lua {
 public:
  // `consumers`: where make luajit puts its programs. `counter`: the QEMU plugin. What confined programs need is copied
  // to the room; there they may take six times its time.
  Lua(std::string consumers, std::string counter, const Room& room);

  // {engine: why it is missing and what brings it, or empty}.
  Json here() const;
  // {text, engine, dump: empty or "yes"} to {out, seconds, instructions} (dump: LuaJIT's {dump}, jitkit's {ir}), or
  // with {message}.
  Json run(const Json& question, const std::atomic<bool>& cancelled) const;

 private:
  struct Engine;
  static const Engine engines[];
  std::string missing(const Engine& e) const;
  std::vector<std::string> command(const Engine& e, bool dump) const;
  std::string file(const std::string& name) const { return directory_ + "/" + name; }

  Room room_;
  std::string directory_;
};

}  // namespace jitkit::tools

#endif  // JITKIT_TOOLS_EXPLORE_LUA_HPP

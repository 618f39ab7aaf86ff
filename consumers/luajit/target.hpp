// The target this LuaJIT is built for. What differs between targets is data and two functions of Target;
// nothing else of the adapter asks which one it is, but for how exits look (exits.cpp).
#ifndef JITKIT_CONSUMERS_LUAJIT_TARGET_HPP
#define JITKIT_CONSUMERS_LUAJIT_TARGET_HPP

#if defined(__aarch64__)
#include <jitkit/consumers/luajit/target_arm64.hpp>
#else
#include <jitkit/consumers/luajit/target_x86_64.hpp>
#endif

#endif  // JITKIT_CONSUMERS_LUAJIT_TARGET_HPP

package jitkit;

import java.nio.ByteBuffer;

/** The functions of libjitkit_hotspot.so. Its path is the property jitkit.library, unless the agent is loaded. */
final class JitkitNative {
    static {
        String path = System.getProperty("jitkit.library");
        if (path == null) System.loadLibrary("jitkit_hotspot");
        else System.load(path);
    }

    /** The code that this CPU can run; negative: none. */
    static final int MD5 = find("md5_implCompressMB"), SHA1 = find("sha1_implCompressMB"), SHA256 = find("sha256_implCompressMB"),
                     SHA512 = find("sha512_implCompressMB"), SHA3 = find("sha3_implCompressMB"), GCM = findGcm();

    private JitkitNative() {}

    private static native int find(String stub);
    private static native int findGcm();

    /** Brings the state of a digest forward by whole blocks at an offset of a direct buffer or, if that is null, an array. */
    static native void hash(int code, byte[] state, int blockSize, ByteBuffer direct, byte[] array, int offset, int bytes);

    /** A context of AES-GCM: what is made of a key, from TAG on the tag of the last message, from FEW on its initialisation vector and additional data. */
    static final int CONTEXT = 832, TAG = 752, FEW = 768;

    static native void gcmKey(int code, byte[] key, byte[] context);

    /** AES-GCM of a message in one call; the place of text is a direct buffer or an array at its offset. No iv and extra: they are in the context. */
    static native void gcm(int code, boolean encrypt, int keySize, byte[] context, byte[] iv, int ivSize, byte[] extra, int extraSize,
                           ByteBuffer in, byte[] inArray, int inOffset, int bytes, ByteBuffer out, byte[] outArray, int outOffset);
}

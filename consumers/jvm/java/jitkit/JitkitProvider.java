package jitkit;

import java.security.Provider;

/**
 * Digests that read direct and mapped buffers where they are, and AES-GCM as one call. Register it in code,
 * Security.insertProviderAt(new jitkit.JitkitProvider(), 1), or by a line of a security properties file.
 */
public final class JitkitProvider extends Provider {
    private static final long serialVersionUID = 1;

    public JitkitProvider() {
        super("Jitkit", "1", "Digests and AES-GCM by code that jitkit made");
        offer(JitkitNative.MD5, "MessageDigest.MD5", "JitkitDigest$MD5");
        offer(JitkitNative.SHA1, "MessageDigest.SHA-1", "JitkitDigest$SHA1");
        if (JitkitNative.SHA1 >= 0) {
            put("Alg.Alias.MessageDigest.SHA", "SHA-1");
            put("Alg.Alias.MessageDigest.SHA1", "SHA-1");
        }
        offer(JitkitNative.SHA256, "MessageDigest.SHA-256", "JitkitDigest$SHA256");
        offer(JitkitNative.SHA512, "MessageDigest.SHA-384", "JitkitDigest$SHA384");
        offer(JitkitNative.SHA512, "MessageDigest.SHA-512", "JitkitDigest$SHA512");
        offer(JitkitNative.SHA3, "MessageDigest.SHA3-224", "JitkitDigest$SHA3_224");
        offer(JitkitNative.SHA3, "MessageDigest.SHA3-256", "JitkitDigest$SHA3_256");
        offer(JitkitNative.SHA3, "MessageDigest.SHA3-384", "JitkitDigest$SHA3_384");
        offer(JitkitNative.SHA3, "MessageDigest.SHA3-512", "JitkitDigest$SHA3_512");
        offer(JitkitNative.GCM, "Cipher.AES/GCM/NoPadding", "JitkitGcm");
        if (JitkitNative.GCM >= 0) put("Cipher.AES/GCM/NoPadding SupportedKeyFormats", "RAW");
    }

    /** What has no code for this CPU is not offered: JCA takes the next provider's. */
    private void offer(int code, String service, String name) {
        if (code >= 0) put(service, "jitkit." + name);
    }
}

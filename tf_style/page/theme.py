"""How the page looks: fonts of the system, nothing from outside."""

import gradio as gr

CSS = """
.gradio-container { max-width: 1500px !important; }
.easel { min-height: 20rem; }
.easel img { width: 100%; max-height: 75vh; object-fit: contain; display: block; }
.easel.empty { display: grid; place-items: center; border: 1px dashed var(--border-color-primary);
  border-radius: 8px; color: var(--body-text-color); padding: 2rem; text-align: center; }
.easel .blank { height: 16rem; background: var(--background-fill-secondary); border-radius: 8px; }
.easel progress { width: 100%; height: .6rem; appearance: none; display: block; }
.easel progress::-webkit-progress-bar { background: var(--border-color-primary); }
.easel progress::-webkit-progress-value { background: var(--color-accent); }
.easel progress::-moz-progress-bar { background: var(--color-accent); }
.pair { position: relative; }
.pair .behind { position: absolute; inset: 0; height: 100%; }
.pair .result { position: relative; clip-path: inset(0 0 0 var(--cut, 0%)); }
.cut { display: flex; gap: 1rem; align-items: center; margin: .5rem 0; }
.cut input { flex: 1; }
.state { font-weight: 600; margin: .3rem 0 0; }
.note { font-size: .85rem; margin: .2rem 0; overflow-wrap: anywhere; }
.curve { margin: .5rem 0; }
.curve svg { width: 100%; height: 90px; color: var(--color-accent); }
.curve figcaption { font-size: .85rem; }
.problem { border-left: 4px solid #c62828; padding: .4rem .8rem; margin: .3rem 0;
  background: var(--background-fill-secondary); overflow-wrap: anywhere; }
.thumbs { min-height: 8rem; display: flex; flex-wrap: wrap; gap: .5rem; }
.thumb { margin: 0; max-width: 8rem; }
.thumb img { max-height: 6rem; max-width: 100%; border-radius: 6px; }
.thumb figcaption { font-size: .8rem; overflow-wrap: anywhere; }
.files a.file { display: inline-block; padding: .3rem .8rem; margin: .1rem; border-radius: 6px;
  border: 1px solid var(--border-color-primary); }
.command { display: flex; gap: .5rem; align-items: start; }
.command code { flex: 1; white-space: pre-wrap; overflow-wrap: anywhere; padding: .5rem;
  background: var(--background-fill-secondary); }
.command button { padding: .3rem .8rem; border: 1px solid var(--border-color-primary);
  border-radius: 6px; }
.setting { align-items: end; }
.settings { font-size: .9rem; overflow-wrap: anywhere; }
.settings th { text-align: left; padding-right: 1rem; vertical-align: top; }
.picker { display: grid; gap: .6rem; grid-template-columns: repeat(auto-fill, minmax(7rem, 1fr)); }
.picker button { border: 2px solid transparent; border-radius: 8px; padding: 4px;
  background: var(--background-fill-secondary); cursor: pointer; }
.picker button:hover, .picker button[aria-pressed=true] { border-color: var(--color-accent); }
.picker img, .picker .blank { width: 100%; aspect-ratio: 4 / 3; object-fit: cover;
  display: block; border-radius: 6px; }
.picker .blank { background: var(--border-color-primary); }
.picker .name { font-size: .8rem; overflow-wrap: anywhere; display: block; }
#sheet img { object-fit: contain; }
.block:has(> .html-container > .prose:empty) { display: none; }
:focus-visible { outline: 3px solid var(--color-accent) !important; outline-offset: 1px; }
@media (max-width: 640px) { .gradio-container { padding: 4px !important; }
  .easel { min-height: 12rem; } .thumbs { min-height: 7rem; } }
"""

# Pictures that are pasted go to the drop zone of the photograph. The job of this tab is kept, so
# that a page that is opened again finds it.
HEAD = """
<script>
document.addEventListener('paste', event => {
  const files = [...(event.clipboardData?.files ?? [])].filter(f => f.type.startsWith('image/'));
  const input = document.querySelector('#photograph-file input[type=file]');
  if (!files.length || !input) return;
  const transfer = new DataTransfer();
  transfer.items.add(files[0]);
  input.files = transfer.files;
  input.dispatchEvent(new Event('change', {bubbles: true}));
});
</script>
"""
REMEMBER = """id => {
  if (id) for (const kept of [sessionStorage, localStorage]) kept.setItem('job', id);
}"""
RECALL = "() => sessionStorage.getItem('job') || localStorage.getItem('job') || ''"


def make_theme() -> gr.themes.Base:
  """Returns the theme, with the fonts of the system."""
  fonts = ("system-ui", "sans-serif")
  return gr.themes.Base(
      primary_hue="indigo", neutral_hue="slate", font=fonts,
      font_mono=("ui-monospace", "monospace"))

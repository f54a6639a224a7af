"""The page: its tabs."""

import gradio as gr

from tf_style.page.explore_tab import ExploreTab
from tf_style.page.learned_tab import LearnedTab
from tf_style.page.paint_tab import PaintTab
from tf_style.page.runs_tab import RunsTab
from tf_style.page.service import Service

TITLE = "tf_style studio"


def make_page(service: Service) -> gr.Blocks:
  """Makes the page; several browsers may have it open at once."""
  with gr.Blocks(analytics_enabled=False, title=TITLE, delete_cache=(3600, 86400)) as page:
    gr.Markdown("# tf_style studio")
    with gr.Tabs(elem_id="tabs") as tabs:
      with gr.Tab("Paint", id="paint"):
        paint = PaintTab(service)
      with gr.Tab("Learned styles", id="learned") as learned:
        LearnedTab(service, paint, tabs, learned)
      with gr.Tab("Explore", id="explore"):
        ExploreTab(service, paint, tabs)
      with gr.Tab("Runs", id="runs") as runs:
        RunsTab(service, paint, tabs, runs)
    paint.recall_on(page)
  page.queue(default_concurrency_limit=8, max_size=200, api_open=False)
  return page
